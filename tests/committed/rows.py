"""Rows for any table, made from what the catalogue says about it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from tests.committed.catalogue import Table

LITERAL = re.compile(r"'([^']*)'::text")
NUMBER = re.compile(r"(?<![\w'])(\d+)(?![\w'])")


class Unfillable(AssertionError):
    """The generator does not know how to make a row of this table: teach it, do not skip the table."""


Row = dict[str, object]


@dataclass
class Tenant:
    """One merchant with one person, or the platform (None), and its row in each table so far."""

    merchant_id: UUID | None
    rows: dict[str, Row] = field(default_factory=dict)


def person_of(merchant_id: UUID) -> UUID:
    """The id of the one person in a merchant's team."""
    return UUID(int=merchant_id.int ^ 1)


def owner_in(table: Table, merchant_id: UUID | None) -> UUID | None:
    """Whom a row of this table belongs to, in the world of a merchant."""
    return person_of(merchant_id) if table.of_persons and merchant_id else merchant_id


def make_row(cursor: Cursor, table: Table, tenant: Tenant) -> Row:
    """Values of a row of `tenant` that would go in: required columns, and all that point at a parent."""
    row: Row = {}
    for key in table.foreign_keys:
        parent = tenant.rows[key.parent]
        row |= dict(zip(key.columns, (parent[name] for name in key.parent_columns), strict=True))
    if table.tenant_column:
        row[table.tenant_column] = owner_in(table, tenant.merchant_id)
    wanted = [column for column in table.columns.values() if column.required and column.name not in row]
    candidates = {column.name: _candidates(table, column.type) for column in wanted}
    if not table.checks:
        return row | {name: values[0] for name, values in candidates.items()}
    chosen = _satisfying(cursor, table, candidates)
    return row | chosen


def insert(table: Table, row: Mapping[str, object]) -> sql.Composed:
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.SQL(table.name),
        sql.SQL(", ").join(map(sql.Identifier, row)),
        sql.SQL(", ").join(sql.Literal(_adapted(value)) for value in row.values()),
    )


def fill(cursor: Cursor, tables: Mapping[str, Table], tenant: Tenant) -> None:
    """One row of every table. Raises Unfillable."""
    for table in tables.values():
        row = make_row(cursor, table, tenant)
        try:
            cursor.execute(insert(table, row) + sql.SQL(" returning to_jsonb({}.*)").format(_bare(table)))
        except Exception as error:
            raise Unfillable(f"{table.name}: {error}") from error
        stored = cursor.fetchone()
        assert stored is not None
        tenant.rows[table.name] = {**stored[0], **row}


def _bare(table: Table) -> sql.Identifier:
    return sql.Identifier(table.name.split(".")[1])


def _adapted(value: object) -> object:
    return str(value) if isinstance(value, UUID) else value


def _candidates(table: Table, type_name: str) -> list[object]:
    """Values of a type, the likeliest first: those that a check names come before one that is unique."""
    literals = [text for check in table.checks for text in LITERAL.findall(check)]
    numbers = [int(text) for check in table.checks for text in NUMBER.findall(check)]
    match type_name:
        case "text":
            return [*literals, secrets.token_hex(8)] if literals else [secrets.token_hex(8)]
        case "text[]":
            return ["{}"]
        case "uuid":
            return [uuid4()]
        case "bytea":
            return [secrets.token_bytes(32)]
        case "integer" | "bigint":
            return [secrets.randbelow(2**30) + 2, 0, *numbers]
        case "boolean":
            return [True, False]
        case "jsonb":
            return ["{}"]
        case "timestamp with time zone":
            return ["2030-01-01T00:00:00+00:00", "2030-01-01T01:00:00+00:00"]
        case "date":
            return ["2030-01-01"]
        case "time without time zone":
            return ["09:00", "17:00"]
        case "tstzrange":
            return ["[2030-01-01T10:00:00+00:00,2030-01-01T11:00:00+00:00)"]
    raise Unfillable(f"{table.name}: no values of type {type_name}")


def _satisfying(cursor: Cursor, table: Table, candidates: Mapping[str, list[object]]) -> Row:
    """The first combination of candidates that all checks accept; columns that no check names keep their unique
    value. Columns with a default are left to it and stand as null here, which every check accepts."""
    named = {name for name in table.columns if any(re.search(rf"\b{name}\b", check) for check in table.checks)}
    free = {
        name: values[-1] if table.columns[name].type == "text" else values[0] for name, values in candidates.items()
    }
    bound = {name: values for name, values in candidates.items() if name in named}
    if not bound:
        return free
    sources = [
        sql.SQL("(values {}) as {} (n, {})").format(
            sql.SQL(", ").join(
                sql.SQL("({}, {}::{})").format(
                    sql.Literal(n), sql.Literal(_adapted(value)), sql.SQL(table.columns[name].type)
                )
                for n, value in enumerate(values)
            ),
            sql.Identifier(f"of_{name}"),
            sql.Identifier(name),
        )
        for name, values in bound.items()
    ]
    absent = [
        sql.SQL("(select null::{} as {}) as {}").format(
            sql.SQL(table.columns[name].type), sql.Identifier(name), sql.Identifier(f"of_{name}")
        )
        for name in sorted(named - bound.keys())
    ]
    query = sql.SQL("select {} from {} where {} order by {} limit 1").format(
        sql.SQL(", ").join(sql.SQL("{}.n").format(sql.Identifier(f"of_{name}")) for name in bound),
        sql.SQL(" cross join ").join([*sources, *absent]),
        sql.SQL(" and ").join(sql.SQL("coalesce({}, true)").format(sql.SQL(check)) for check in table.checks),
        sql.SQL(" + ").join(sql.SQL("{}.n").format(sql.Identifier(f"of_{name}")) for name in bound),
    )
    cursor.execute(query)
    found = cursor.fetchone()
    if found is None:
        raise Unfillable(f"{table.name}: no combination of values satisfies {table.checks}")
    return free | {name: bound[name][index] for name, index in zip(bound, found, strict=True)}
