"""One embedded Postgres and one Valkey for the whole test run; one database per xdist worker, copied from a template.

The process that pytest was started in owns the servers and hands their URLs to its workers by the environment.
Durability is off here; the fault tests start servers of their own with durability on.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import psycopg2
from psycopg2 import sql
from sqlalchemy import make_url

from callwaiting.embedded.postgres import EmbeddedPostgres
from callwaiting.embedded.valkey import EmbeddedValkey
from migrations import prepare

ADMIN_VARIABLE = "CALLWAITING_TEST_ADMIN_URL"
VALKEY_VARIABLE = "CALLWAITING_TEST_VALKEY_URL"
TEMPLATE = "callwaiting_template"
ROLE_SECRET = "the-role-secret-of-the-test-cluster-0123456789"


class Servers:
    """Started in `pytest_configure` of the owning process, stopped when the run ends."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="callwaiting-tests-"))
        self.root.chmod(0o755)
        self.postgres = EmbeddedPostgres(self.root / "postgres", durable=False, superuser_password="tests")
        self.valkey = EmbeddedValkey(self.root / "valkey", password="tests")

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        execute(self.postgres.url(), sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
        prepare.prepare(self.postgres.url(TEMPLATE), ROLE_SECRET)
        os.environ[ADMIN_VARIABLE] = self.postgres.url()
        os.environ[VALKEY_VARIABLE] = self.valkey.url()

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()
        shutil.rmtree(self.root, ignore_errors=True)


def execute(admin_url: str, statement: sql.Composable | str) -> None:
    """One statement as the superuser, outside of a transaction."""
    connection = psycopg2.connect(admin_url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def create_database(name: str) -> str:
    """A fresh copy of the template; returns its superuser URL."""
    admin_url = os.environ[ADMIN_VARIABLE]
    execute(admin_url, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
    execute(admin_url, sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
    url = make_url(admin_url).set(database=name).render_as_string(hide_password=False)
    prepare.ensure_roles(url, ROLE_SECRET)  # grants on a database are not copied with its template
    return url
