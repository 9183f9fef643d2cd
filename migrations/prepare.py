"""Bring a database to the present schema: roles by the administrator, tables and policies by the migrator."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import psycopg2.errors
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg2 import sql
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, OperationalError

from callwaiting.core.db import DatabaseRole, sqlalchemy_url

HERE = Path(__file__).parent
LOGIN_ROLES: Mapping[DatabaseRole, str] = {
    DatabaseRole.WEB: "cw_web",
    DatabaseRole.WEBHOOK: "cw_webhook",
    DatabaseRole.WORKER: "cw_worker",
    DatabaseRole.SERVICE: "cw_service",
    DatabaseRole.AUDIT: "cw_audit_writer",
}
MIGRATOR = "cw_migrator"
MIGRATION_LOCK = 7_243_001
ROLE_ATTEMPTS = 10


class DatabaseRefused(Exception):
    """The administrator's URL does not lead to a database that can be prepared. The text says why, on one line and
    without the password."""

    def __init__(self, why: object) -> None:
        super().__init__("DATABASE_URL: " + " ".join(str(why).split()))


def role_password(role_secret: str, login: str) -> str:
    """The password of a login role, derived so that one secret is enough to keep."""
    return hmac.digest(role_secret.encode(), f"database role {login}".encode(), hashlib.sha256).hex()


def role_url(admin_url: str, role_secret: str, login: str) -> str:
    """The libpq URL of a login role in the database of `admin_url`."""
    url = _url(admin_url).set(username=login, password=role_password(role_secret, login))
    return url.render_as_string(hide_password=False)


def _url(admin_url: str) -> URL:
    """Raises DatabaseRefused."""
    try:
        return make_url(admin_url).set(drivername="postgresql")
    except (ArgumentError, ValueError) as error:
        raise DatabaseRefused("is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE") from error


def role_urls(admin_url: str, role_secret: str) -> Mapping[DatabaseRole, str]:
    return {role: role_url(admin_url, role_secret, login) for role, login in LOGIN_ROLES.items()}


def ensure_roles(admin_url: str, role_secret: str) -> None:
    """Create or repair roles, schemas and database grants. Needs a role that may create roles.

    Roles are the cluster's and advisory locks a database's: two databases that are prepared at once meet at the roles,
    and the one that loses ("tuple concurrently updated", an internal error of Postgres) does it all again.
    Raises DatabaseRefused.
    """
    for attempt in range(ROLE_ATTEMPTS):
        try:
            return _ensure_roles(admin_url, role_secret)
        except psycopg2.errors.InternalError_:
            if attempt == ROLE_ATTEMPTS - 1:
                raise
            time.sleep(0.1 * (attempt + 1))
    return None


def _ensure_roles(admin_url: str, role_secret: str) -> None:
    try:
        connection = psycopg2.connect(_url(admin_url).render_as_string(hide_password=False), connect_timeout=5)
    except psycopg2.OperationalError as error:
        raise DatabaseRefused(error) from error
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
            cursor.execute((HERE / "roles.sql").read_text(encoding="utf-8"))
            for login in (*LOGIN_ROLES.values(), MIGRATOR):
                statement = sql.SQL("alter role {} password {}").format(
                    sql.Identifier(login), sql.Literal(role_password(role_secret, login))
                )
                cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege as error:
        raise DatabaseRefused(f"an administrator's is needed: {error}") from error
    finally:
        connection.close()


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def upgrade(migrator_url: str, revision: str = "head") -> None:
    """Run the migrations as cw_owner; two that start at once wait for each other."""
    with _as_owner(migrator_url) as config:
        command.upgrade(config, revision)


def write_next(migrator_url: str, what_for: str) -> None:
    """Write the migration after the newest, with what the models have and this database, at the newest, lacks."""
    with _as_owner(migrator_url) as config:
        newest = ScriptDirectory.from_config(config).get_current_head()
        command.revision(config, what_for, autogenerate=True, rev_id=f"{int(newest or 0) + 1:04}")


@contextmanager
def _as_owner(migrator_url: str) -> Iterator[Config]:
    engine = create_engine(sqlalchemy_url(migrator_url))
    config = alembic_config()
    try:
        with engine.connect() as connection:
            connection.execute(text("select pg_advisory_lock(:key)"), {"key": MIGRATION_LOCK})
            connection.execute(text("set role cw_owner"))
            connection.commit()
            config.attributes["connection"] = connection
            yield config
            connection.execute(text("select pg_advisory_unlock(:key)"), {"key": MIGRATION_LOCK})
            connection.commit()
    finally:
        engine.dispose()


def prepare(admin_url: str, role_secret: str) -> None:
    """Roles, then migrations. Raises DatabaseRefused."""
    ensure_roles(admin_url, role_secret)
    try:
        upgrade(role_url(admin_url, role_secret, MIGRATOR))
    except OperationalError as error:
        raise DatabaseRefused(f"as {MIGRATOR}: {error.orig}") from error
