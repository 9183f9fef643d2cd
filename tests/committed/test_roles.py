"""What each login role cannot do, tried with its own password."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest
from psycopg2 import errors, sql
from psycopg2.extensions import cursor as Cursor

from callwaiting.core.db import DatabaseRole
from callwaiting.core.settings import Settings
from migrations.prepare import LOGIN_ROLES
from tests.committed.catalogue import fetch, read_grants, read_tables

SEALED = ("_sealed", "wrapped", "raw", "record")


@contextmanager
def logged_in(settings: Settings, role: DatabaseRole) -> Iterator[Cursor]:
    with closing(psycopg2.connect(settings.database_urls()[role])) as connection, connection.cursor() as opened:
        yield opened


@pytest.mark.parametrize("role", DatabaseRole)
def test_role_cannot_become_another(settings: Settings, cursor: Cursor, role: DatabaseRole) -> None:
    others = [name for (name,) in fetch(cursor, "select rolname from pg_roles where rolname <> %s", LOGIN_ROLES[role])]
    assert {"postgres", "cw_owner", "cw_service"} - {LOGIN_ROLES[role]} <= set(others)
    with logged_in(settings, role) as mine:
        for other in others:
            for statement in ("set role {}", "set session authorization {}"):
                with pytest.raises(errors.InsufficientPrivilege):
                    mine.execute(sql.SQL(statement).format(sql.Identifier(other)))
                mine.connection.rollback()


@pytest.mark.parametrize("role", DatabaseRole)
@pytest.mark.parametrize(
    "statement",
    [
        "create table app.mine (id int)",
        "create table public.mine (id int)",
        "create schema mine",
        "create temporary table mine (id int)",
        "create function auth.mine() returns int language sql as 'select 1'",
        "alter table app.orders disable row level security",
        "drop policy web_select on app.orders",
        "alter function auth.merchant_id() owner to current_user",
        "select * from auth.schema_version",
        "copy app.orders to program 'true'",
        "select pg_read_file('postgresql.conf')",
        "set session_replication_role = replica",
        "set row_security = off; select * from app.orders; select * from app.callers; select * from audit.log",
    ],
)
def test_role_cannot_touch_the_schema(settings: Settings, role: DatabaseRole, statement: str) -> None:
    with logged_in(settings, role) as mine, pytest.raises(errors.InsufficientPrivilege):
        mine.execute(statement)


def test_service_reads_no_ciphertext(settings: Settings, cursor: Cursor) -> None:
    sealed = [
        (table.name, column)
        for table in read_tables(cursor).values()
        for column, facts in table.columns.items()
        if facts.type == "bytea" and column.endswith(SEALED)
    ]
    assert len(sealed) > 10
    with logged_in(settings, DatabaseRole.SERVICE) as service:
        for table, column in sealed:
            with pytest.raises(errors.InsufficientPrivilege):
                service.execute(f'select "{column}" from {table}')
            service.connection.rollback()


def test_webhook_role_stores_a_body_and_cannot_read_one(settings: Settings, cursor: Cursor) -> None:
    grants = read_grants(cursor)
    assert "raw" in grants[("cw_webhook", "app.webhook_events", "insert")]
    with logged_in(settings, DatabaseRole.WEBHOOK) as webhook:
        for statement in (
            "select raw from app.webhook_events",
            "update app.webhook_events set raw = null",
            "select secrets_sealed from app.webhook_sources",
            "select * from app.callers",
            "select * from audit.log",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                webhook.execute(statement)
            webhook.connection.rollback()


@pytest.mark.parametrize(
    ("role", "call"),
    [
        (DatabaseRole.WEB, "auth.merchant_of_account('stripe', 'live', 'acct_1')"),
        (DatabaseRole.WEB, "auth.twilio_source_url('AC0')"),
        (DatabaseRole.WEBHOOK, "auth.merchant_of_number('x')"),
        (DatabaseRole.WEBHOOK, "auth.payment_link('x')"),
        (DatabaseRole.WORKER, "auth.payment_link('x')"),
        (DatabaseRole.SERVICE, "auth.webhook_source('x')"),
        (DatabaseRole.SERVICE, "auth.payment_link('x')"),
        (DatabaseRole.AUDIT, "auth.webhook_source('x')"),
    ],
)
def test_look_ups_are_for_those_who_need_them(settings: Settings, role: DatabaseRole, call: str) -> None:
    with logged_in(settings, role) as mine, pytest.raises(errors.InsufficientPrivilege):
        mine.execute(f"select {call}")
