"""The schema as the server knows it: tables, columns, keys, checks, grants, policies. Not one name is ours."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, NamedTuple

from psycopg2.extensions import cursor as Cursor

ROLES = ("cw_web", "cw_webhook", "cw_worker", "cw_service", "cw_audit_writer")
RESOLVER = "cw_resolver"
COMMANDS = ("select", "insert", "update", "delete")
OURS = "select oid from pg_class where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('app', 'audit')"
Grants = dict[tuple[str, str, str], frozenset[str]]


class Column(NamedTuple):
    name: str
    type: str
    required: bool
    """Not null, and neither a default nor an identity fills it."""
    generated: bool


class ForeignKey(NamedTuple):
    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """`name` is qualified by its schema."""

    name: str
    columns: dict[str, Column]
    primary_key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...]
    checks: tuple[str, ...]

    @property
    def tenant_column(self) -> str | None:
        """The column that names whom a row belongs to, a merchant or a person; None for a table of the platform."""
        if self.name in {"app.merchants", "app.users"}:
            return "id"
        return next((name for name in ("merchant_id", "user_id") if name in self.columns), None)

    @property
    def of_persons(self) -> bool:
        """Whether rows belong to a person and to no merchant."""
        return self.name == "app.users" or self.tenant_column == "user_id"


class Policy(NamedTuple):
    table: str
    name: str
    permissive: bool
    command: str
    roles: tuple[str, ...]
    using: str | None
    check: str | None


def fetch(cursor: Cursor, statement: str, *parameters: object) -> list[Any]:
    cursor.execute(statement, parameters or None)
    return cursor.fetchall()


def read_tables(cursor: Cursor) -> dict[str, Table]:
    """Every table of `app` and `audit`, parents before their children."""
    columns: dict[str, dict[str, Column]] = {}
    for table, *facts in fetch(
        cursor,
        "select attrelid::regclass::text, attname, format_type(atttypid, atttypmod),"
        " attnotnull and not atthasdef and attidentity = '', attidentity <> '' or attgenerated <> ''"
        f" from pg_attribute where attrelid in ({OURS}) and attnum > 0 and not attisdropped order by attrelid, attnum",
    ):
        columns.setdefault(table, {})[facts[0]] = Column(*facts)
    keys: dict[str, list[tuple[str, str, str, list[str], list[str]]]] = {}
    for table, *facts in fetch(
        cursor,
        "select conrelid::regclass::text, contype::text, pg_get_expr(conbin, conrelid), confrelid::regclass::text,"
        " (select array_agg(a.attname::text order by k.n) from unnest(conkey) with ordinality k (num, n)"
        "  join pg_attribute a on a.attrelid = conrelid and a.attnum = k.num),"
        " (select array_agg(a.attname::text order by k.n) from unnest(confkey) with ordinality k (num, n)"
        "  join pg_attribute a on a.attrelid = confrelid and a.attnum = k.num)"
        f" from pg_constraint where conrelid in ({OURS}) order by conname",
    ):
        keys.setdefault(table, []).append(tuple(facts))
    found = [
        Table(
            name,
            its_columns,
            next((tuple(own) for kind, _, _, own, _ in keys.get(name, ()) if kind == "p"), ()),
            tuple(
                ForeignKey(tuple(own), parent, tuple(theirs))
                for kind, _, parent, own, theirs in keys.get(name, ())
                if kind == "f"
            ),
            tuple(expression for kind, expression, *_ in keys.get(name, ()) if kind == "c"),
        )
        for name, its_columns in columns.items()
    ]
    ordered: dict[str, Table] = {}
    while len(ordered) < len(found):
        ready = [
            table
            for table in found
            if table.name not in ordered and all(key.parent in ordered for key in table.foreign_keys)
        ]
        assert ready, "foreign keys in a circle"
        ordered.update((table.name, table) for table in ready)
    return ordered


def read_policies(cursor: Cursor) -> list[Policy]:
    return [
        Policy(table, name, permissive, command, tuple(roles), using, check)
        for table, name, permissive, command, roles, using, check in fetch(
            cursor,
            "select format('%I.%I', schemaname, tablename), policyname, permissive = 'PERMISSIVE', lower(cmd),"
            " roles::text[], qual, with_check from pg_policies where schemaname in ('app', 'audit') order by 1, 2",
        )
    ]


def read_grants(cursor: Cursor) -> Grants:
    """(role, table, command) → the columns to which it is granted; for `delete` all of them or none."""
    grants: Grants = defaultdict(frozenset)
    for role, table, command, columns in fetch(
        cursor,
        "select role, attrelid::regclass::text, command, array_agg(attname::text) from pg_attribute"
        " cross join unnest(%s) as role cross join unnest(%s) as command"
        f" where attrelid in ({OURS}) and attnum > 0 and not attisdropped and case command"
        "  when 'delete' then has_table_privilege(role, attrelid, command)"
        "  else has_column_privilege(role, attrelid, attnum, command) end"
        " group by role, attrelid, command",
        [*ROLES, RESOLVER],
        list(COMMANDS),
    ):
        grants[(role, table, command)] = frozenset(columns)
    return grants
