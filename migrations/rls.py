"""The one way to protect a table: RLS enabled and forced, one policy per role and command, least grants.

`protect("orders", {"cw_web": tenant("select", "insert"), "cw_service": everywhere(select=("id", "state"))})`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alembic import op

TENANT = "merchant_id = (select auth.merchant_id())"
TENANT_OR_NONE = "merchant_id is not distinct from (select auth.merchant_id())"
ANY = "true"

Columns = Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Access:
    """What one role may do: a command to its columns (None: all), on the rows that `predicate` holds for."""

    commands: Mapping[str, Columns]
    predicate: str


def tenant(*commands: str, predicate: str = TENANT, **by_column: Sequence[str]) -> Access:
    """Commands on the rows of the transaction's merchant; `update=("state",)` narrows a command to columns."""
    return Access({**dict.fromkeys(commands), **by_column}, predicate)


def everywhere(*commands: str, **by_column: Sequence[str]) -> Access:
    """Commands on the rows of all merchants, for the roles of the system; name the columns."""
    return Access({**dict.fromkeys(commands), **by_column}, ANY)


def statements(table: str, access: Mapping[str, Access]) -> list[str]:
    """The SQL of `protect`. `table` is qualified by its schema, or lies in `app`."""
    qualified = table if "." in table else f"app.{table}"
    sql = [
        f"alter table {qualified} enable row level security",
        f"alter table {qualified} force row level security",
    ]
    for role, allowed in access.items():
        for command, columns in allowed.commands.items():
            listed = f" ({', '.join(columns)})" if columns else ""
            using = "" if command == "insert" else f" using ({allowed.predicate})"
            check = f" with check ({allowed.predicate})" if command in {"insert", "update"} else ""
            sql += [
                f"grant {command}{listed} on {qualified} to {role}",
                f"create policy {role.removeprefix('cw_')}_{command} on {qualified}"
                f" for {command} to {role}{using}{check}",
            ]
    return sql


def protect(table: str, access: Mapping[str, Access]) -> None:
    """Enable and force RLS on a table and give each role exactly its commands."""
    for statement in statements(table, access):
        op.execute(statement)
