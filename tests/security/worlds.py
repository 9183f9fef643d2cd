"""A merchant that has one row in every table, and one id for all of them: its own, its person's and each row's.

So whatever an id in an address or a body stands for, this one belongs to the merchant.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from callwaiting.core.db import Database
from callwaiting.factory import Runtime
from callwaiting.features.accounts import people
from callwaiting.features.accounts.sign_in import scope_of_person
from tests.committed.catalogue import Table, read_tables
from tests.committed.rows import Row, Tenant, insert, make_row
from tests.factories.merchants import create_merchant
from tests.factories.people import Person, join, signed_in

# What would be refused for the sake of its hours or its state would hide whether an id was found.
OPEN = """
    update app.booking_resources set opens = '00:30', closes = '23:30', slot_minutes = 60, units = 9
     where merchant_id = %(merchant)s;
    update app.booking_hours set weekday = 2, opens = '00:30', closes = '23:30' where merchant_id = %(merchant)s;
    update app.bookings set state = 'confirmed' where merchant_id = %(merchant)s;
    update app.calls set status = 'completed', recording_answer = 'granted' where merchant_id = %(merchant)s;
"""


@dataclass(frozen=True)
class Inhabited:
    """`token` is its owner's, who has just signed in."""

    id: UUID
    token: str


def inhabit(worker: Runtime, web: Database, admin_url: str, name: str) -> Inhabited:
    """Make the merchant, its owner, and a row in each table. Raises Unfillable for a table that cannot be filled."""
    scope = create_merchant(worker, name)
    one_id = scope.merchant_id
    person = Person(one_id, f"{one_id.hex}@example.com")
    with web.unit_of_work(scope_of_person(one_id, "a person of the tests")) as session:
        assert people.create(session, email=person.email, name=name, password_hash=None, verified=True)
    join(web, person, scope)
    with closing(psycopg2.connect(admin_url)) as connection, connection, connection.cursor() as cursor:
        for made_already in ("memberships", "tax_rates"):
            cursor.execute(f"update app.{made_already} set id = %(id)s where merchant_id = %(id)s", {"id": str(one_id)})
        tenant = Tenant(one_id)
        for table in read_tables(cursor).values():
            row = _present(cursor, table, one_id)
            if row is None:
                row = _row_with(make_row(cursor, table, tenant), table, one_id)
                cursor.execute(insert(table, row))
            tenant.rows[table.name] = row
        cursor.execute(OPEN, {"merchant": str(one_id)})
    return Inhabited(one_id, signed_in(web, person).access_token)


def belongings(admin_url: str, one_id: UUID) -> dict[str, str]:
    """A digest of the merchant's rows in each table."""
    with closing(psycopg2.connect(admin_url)) as connection, connection.cursor() as cursor:
        return {
            table.name: _digest(cursor, table, one_id) for table in read_tables(cursor).values() if table.tenant_column
        }


def _row_with(row: Row, table: Table, one_id: UUID) -> Row:
    """The row as this merchant's, and with its one id wherever one may stand."""
    if table.tenant_column:
        row[table.tenant_column] = one_id
    for column in table.columns.values():
        if column.type == "uuid" and (column.name in table.primary_key or column.name not in row):
            row[column.name] = one_id
    return row


def _present(cursor: Cursor, table: Table, one_id: UUID) -> Row | None:
    """The merchant's row, or that of the platform, where there is one already."""
    where = sql.SQL("where {} = {}").format(sql.Identifier(table.tenant_column or ""), sql.Literal(str(one_id)))
    cursor.execute(
        sql.SQL("select to_jsonb(found.*) from {} found {} limit 1").format(
            sql.SQL(table.name), where if table.tenant_column else sql.SQL("")
        )
    )
    found = cursor.fetchone()
    return None if found is None else dict(found[0])


def _digest(cursor: Cursor, table: Table, one_id: UUID) -> str:
    cursor.execute(
        sql.SQL("select coalesce(md5(string_agg(md5(found::text), '' order by found::text)), '') from {} found"
                " where {} = {}").format(
            sql.SQL(table.name), sql.Identifier(table.tenant_column or ""), sql.Literal(str(one_id))
        )
    )  # fmt: skip
    row = cursor.fetchone()
    assert row is not None
    return str(row[0])
