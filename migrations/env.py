"""Alembic's entry. `prepare.upgrade` hands over a connection that has become cw_owner; there is no offline mode."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Connection

from callwaiting.models import metadata


def ours(name: str | None, kind: str, _: Any) -> bool:
    """Only our schemas are compared."""
    return kind != "schema" or name in {"app", "audit"}


connection: Connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_schemas=True,
    include_name=ours,
    version_table="schema_version",
    version_table_schema="auth",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
