"""The proof that a merchant's data is out of another's reach: every role, every command, every table, tried out.

It runs in one transaction of the superuser, who becomes each role in turn: Row Level Security looks at the present
role, so the server judges just as it does when that role logs in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID, uuid4

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from tests.committed.catalogue import COMMANDS, ROLES, Grants, Table, fetch, read_grants, read_tables
from tests.committed.rows import Row, Tenant, fill, insert, make_row, owner_in, person_of

DENIED = "42501"
CONSTRAINT = "23"  # class of integrity violations: raised after row security has let a row pass

# Reviewed: roles that see all merchants' rows of a table (through granted columns), because that is their work.
SEES_ALL = {
    "cw_web": {"app.platform_keys", "app.signing_keys", "app.sign_in_failures"},
    "cw_webhook": {"app.platform_keys", "app.webhook_events", "app.rejected_requests"},
    "cw_worker": {"app.platform_keys", "app.signing_keys", "app.mails"},
    "cw_service": {
        "app.users", "app.sessions", "app.account_tokens", "app.invitations", "app.sign_in_failures", "app.mails",
        "app.merchants", "app.phone_numbers", "app.orders", "app.bookings", "app.calls", "app.alerts", "app.outbox",
        "app.booking_calendars", "app.summary_settings", "app.daily_summaries", "app.checkouts",
        "app.webhook_sources", "app.webhook_events", "app.webhook_attempts", "app.rejected_requests",
        "app.reconcile_runs", "app.leases", "app.idempotency_keys",
    },
    "cw_audit_writer": {"audit.outbox", "audit.log"},
}  # fmt: skip
# Reviewed: what may be written for any merchant, or for none, whatever the context.
INSERTS_FOR_ALL = {
    "cw_web": {"app.sign_in_failures", "app.mails"},
    "cw_webhook": {"app.webhook_events", "app.rejected_requests"},
    "cw_worker": {"app.platform_keys", "app.signing_keys", "app.mails"},
    "cw_service": {"app.alerts", "app.webhook_attempts", "app.reconcile_runs", "app.leases", "audit.outbox"},
    "cw_audit_writer": {"audit.log"},
}
# Reviewed: tables whose rows of the platform (merchant null) a merchant's own roles work on outside of any merchant.
PLATFORM_ROWS = {"app.alerts": ROLES, "app.webhook_sources": ("cw_worker",), "audit.outbox": ROLES}


@dataclasses.dataclass(frozen=True)
class World:
    """Two merchants with one row each in every table, and the platform's rows where a merchant may be absent."""

    cursor: Cursor
    tables: Mapping[str, Table]
    grants: Grants
    mine: Tenant
    theirs: Tenant
    platform: Tenant


def build(cursor: Cursor) -> World:
    """Fill every table for two merchants. Raises Unfillable for a table that the generator cannot fill."""
    world = World(cursor, read_tables(cursor), read_grants(cursor), Tenant(uuid4()), Tenant(uuid4()), Tenant(None))
    for tenant in (world.mine, world.theirs):
        fill(cursor, world.tables, tenant)
    optional = {
        table.name: table
        for table in world.tables.values()
        if table.tenant_column and not table.columns[table.tenant_column].required
    }
    fill(cursor, optional, world.platform)
    return world


def breaches(world: World, role: str, table: Table) -> list[str]:
    """One line for each thing that `role` can do to `table` but must not, or must do but cannot."""
    found = [f"{role} on {table.name}: {line}" for line in _ungranted(world, role, table)]
    for check in (_select, _insert, _update, _delete):
        found += [f"{role} on {table.name}: {line}" for line in check(world, role, table)]
    return found


def all_breaches(world: World) -> list[str]:
    return [line for role in ROLES for table in world.tables.values() for line in breaches(world, role, table)]


@contextmanager
def acting(cursor: Cursor, role: str, merchant: UUID | None) -> Iterator[None]:
    """The block runs as `role` in the context of a merchant and its person, and leaves nothing behind."""
    cursor.execute("savepoint acting")
    cursor.execute(
        "select set_config('app.merchant_id', %s, true), set_config('app.user_id', %s, true)",
        (str(merchant), str(person_of(merchant))) if merchant else ("", ""),
    )
    cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
    try:
        yield
    finally:
        cursor.execute("rollback to savepoint acting")


def outcome(world: World, role: str, merchant: UUID | None, statement: sql.Composable | str) -> str | int:
    """The SQLSTATE of the error, or the number of rows."""
    with acting(world.cursor, role, merchant):
        try:
            world.cursor.execute(statement)
        except psycopg2.Error as error:
            return error.pgcode or "?"
        return world.cursor.rowcount


def _ungranted(world: World, role: str, table: Table) -> Iterator[str]:
    column = next(name for name, column in table.columns.items() if not column.generated)
    attempts = {
        "select": f"select 1 from {table.name}",
        "insert": f"insert into {table.name} default values",
        "update": f'update {table.name} set "{column}" = null',
        "delete": f"delete from {table.name}",
    }
    for command in COMMANDS:
        if world.grants[(role, table.name, command)]:
            continue
        result = outcome(world, role, world.mine.merchant_id, attempts[command])
        if result != DENIED:
            yield f"{command} is not granted, yet the answer was {result}"
    result = outcome(world, role, world.mine.merchant_id, f"truncate {table.name} cascade")
    if result != DENIED:
        yield f"truncate: {result}"
    readable = world.grants[(role, table.name, "select")]
    for name in table.columns.keys() - readable:
        result = outcome(world, role, world.mine.merchant_id, f'select "{name}" from {table.name}')
        if result != DENIED:
            yield f"column {name} is not granted, yet the answer was {result}"


def _select(world: World, role: str, table: Table) -> Iterator[str]:
    readable = world.grants[(role, table.name, "select")]
    if not readable:
        return
    if table.name in SEES_ALL[role]:
        if _count(world, role, world.mine.merchant_id, table) < 2:
            yield "is meant to see all rows and does not"
        return
    tenant = table.tenant_column
    if tenant is None or tenant not in readable:
        yield "rows of all merchants are shown and that is not a reviewed exception"
        return
    mine, theirs = world.mine.merchant_id, world.theirs.merchant_id
    nobodys: set[str | None] = {None} if role in PLATFORM_ROWS.get(table.name, ()) else set()
    own, foreign = ({str(owner_in(table, merchant))} for merchant in (mine, theirs))
    for merchant, expected in ((mine, own), (theirs, foreign), (None, nobodys), (uuid4(), set())):
        with acting(world.cursor, role, merchant):
            seen = {value for (value,) in fetch(world.cursor, f'select "{tenant}"::text from {table.name}')}
        if seen != expected:
            whose = [_name(world, UUID(value) if value else None) for value in seen]
            yield f"in the context of {_name(world, merchant)} it sees rows of {whose}"


def _insert(world: World, role: str, table: Table) -> Iterator[str]:
    writable = world.grants[(role, table.name, "insert")]
    if not writable:
        return
    mine, theirs = world.mine.merchant_id, world.theirs.merchant_id
    own, foreign = (make_row(world.cursor, table, tenant) for tenant in (world.mine, world.theirs))
    if table.tenant_column == "id":  # its own row is there already: the server must refuse by its key, not by policy
        own, foreign = ({**row, "id": owner_in(table, tenant)} for row, tenant in ((own, mine), (foreign, theirs)))
    if not own.keys() <= writable:
        yield f"a whole row cannot be inserted: {sorted(own.keys() - writable)} are not granted"
        return
    if table.name in INSERTS_FOR_ALL[role]:
        for merchant in (mine, None):
            for row in (own, foreign):
                if not _passes(outcome(world, role, merchant, insert(table, row))):
                    yield "is meant to insert for any merchant and cannot"
        return
    if table.tenant_column is None:
        yield "rows of the platform can be inserted and that is not a reviewed exception"
        return
    expected: tuple[tuple[UUID | None, Row, bool], ...]
    if role == "cw_webhook":  # has no merchant: only the platform's rows
        expected = ((mine, own, False), (None, own, False), (None, foreign, False))
    else:
        expected = ((mine, own, True), (mine, foreign, False), (None, own, False), (uuid4(), own, False))
    for merchant, row, allowed in expected:
        result = outcome(world, role, merchant, insert(table, row))
        if allowed != _passes(result) or not (allowed or result == DENIED):
            whose = _name(world, UUID(str(row[table.tenant_column])))
            yield f"in the context of {_name(world, merchant)}, inserting a row of {whose} gave {result}"
    if table.columns[table.tenant_column].required:
        return
    platform = {**own, table.tenant_column: None}
    for merchant, allowed in ((None, role in PLATFORM_ROWS.get(table.name, ())), (mine, role == "cw_webhook")):
        result = outcome(world, role, merchant, insert(table, platform))
        if allowed != _passes(result):
            yield f"in the context of {_name(world, merchant)}, inserting a row of the platform gave {result}"


def _update(world: World, role: str, table: Table) -> Iterator[str]:
    writable = world.grants[(role, table.name, "update")]
    if not writable:
        return
    mine, theirs = world.mine, world.theirs
    column = next(name for name in table.columns if name in writable)
    touch = sql.SQL("update {} set {} = {} where {}")

    def attempt(merchant: UUID | None, of: Tenant) -> str | int:
        where = _key(table, of.rows[table.name])
        value = sql.Literal(_text(of.rows[table.name].get(column)))
        return outcome(world, role, merchant, touch.format(sql.SQL(table.name), sql.Identifier(column), value, where))

    everywhere = table.name in SEES_ALL[role]
    foreign = 1 if everywhere else 0
    for merchant, of, rows in (
        (mine.merchant_id, mine, 1),
        (mine.merchant_id, theirs, foreign),
        (None, mine, foreign),
        (uuid4(), mine, foreign),
        *([(mine.merchant_id, world.platform, foreign)] if table.name in world.platform.rows else []),
    ):
        result = attempt(merchant, of)
        if result != rows:
            yield f"in the context of {_name(world, merchant)}, updating {_name(world, of.merchant_id)} gave {result}"
    tenant = table.tenant_column
    if tenant is None or everywhere:
        return
    # An update that reads nothing is not held back by the policies for SELECT: here the one for UPDATE stands alone.
    blind = sql.SQL("update {} set {} = {}")
    value = sql.Literal(_text(mine.rows[table.name].get(column)))
    result = outcome(world, role, mine.merchant_id, blind.format(sql.SQL(table.name), sql.Identifier(column), value))
    if result != 1:
        yield f"an update of whatever it reaches gave {result}"
    owner = sql.Literal(str(owner_in(table, theirs.merchant_id)))
    result = outcome(world, role, mine.merchant_id, blind.format(sql.SQL(table.name), sql.Identifier(tenant), owner))
    if result != DENIED:
        yield f"moving a row to the other merchant gave {result}"


def _delete(world: World, role: str, table: Table) -> Iterator[str]:
    if not world.grants[(role, table.name, "delete")]:
        return
    everywhere = table.name in SEES_ALL[role]
    for of, rows in ((world.mine, 1), (world.theirs, 1 if everywhere else 0)):
        where = _key(table, of.rows[table.name])
        statement = sql.SQL("delete from {} where {}").format(sql.SQL(table.name), where)
        result = outcome(world, role, world.mine.merchant_id, statement)
        if result != rows:
            yield f"deleting the row of {_name(world, of.merchant_id)} gave {result}"
    if everywhere or not table.tenant_column:
        return
    # A delete that reads nothing is not held back by the policies for SELECT.
    result = outcome(world, role, world.mine.merchant_id, f"delete from {table.name}")
    if result != 1:
        yield f"a delete of whatever it reaches gave {result}"


def _count(world: World, role: str, merchant: UUID | None, table: Table) -> int:
    with acting(world.cursor, role, merchant):
        return int(fetch(world.cursor, f"select count(*) from {table.name}")[0][0])


def _passes(result: str | int) -> bool:
    """The row went in, or only a constraint stopped it, which is looked at after row security."""
    return result == 1 or str(result).startswith(CONSTRAINT)


def _key(table: Table, row: Row) -> sql.Composed:
    return sql.SQL(" and ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Literal(_text(row[name]))) for name in table.primary_key
    )


def _text(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value


def _name(world: World, owner: UUID | None) -> str:
    named: dict[UUID | None, str] = {None: "the platform"}
    for tenant, name in ((world.mine, "A"), (world.theirs, "B")):
        if tenant.merchant_id:
            named |= {tenant.merchant_id: name, person_of(tenant.merchant_id): name}
    return named.get(owner, "a stranger")
