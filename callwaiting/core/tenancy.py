"""Whose data a transaction may touch, and the one place that tells the database.

Every session carries a scope. When its transaction begins, one statement sets the tenant for that transaction only;
Row Level Security does the rest. A session without a scope cannot begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction

from callwaiting.core import deadline
from callwaiting.core.request_context import current_request_id

LOCK_TIMEOUT_MS = 3000
SET_SCOPE = (
    "select set_config('app.merchant_id', %s, true), set_config('app.role', %s, true),"
    " set_config('app.request_id', %s, true), set_config('statement_timeout', %s, true),"
    " set_config('lock_timeout', %s, true)"
)


@dataclass(frozen=True, slots=True)
class MerchantScope:
    """Work for one merchant. `actor` names who acts, for the audit trail: `system`, `caller`, `user:<id>` …"""

    merchant_id: UUID
    actor: str = "system"
    role: str = "system"


@dataclass(frozen=True, slots=True)
class SystemScope:
    """Work that belongs to no merchant. It sees what its database role's own policies show, and says why it runs."""

    reason: str
    actor: str = "system"


Scope = MerchantScope | SystemScope


class ScopeMissing(RuntimeError):
    """A session was used without a scope: a fault of ours, refused before anything is read."""


def scope_of(session: Session) -> Scope:
    scope = session.info.get("scope")
    if not isinstance(scope, MerchantScope | SystemScope):
        raise ScopeMissing("this session has no scope")
    return scope


def merchant_of(session: Session) -> UUID:
    """The merchant of this session. Raises ScopeMissing in a system scope."""
    scope = scope_of(session)
    if not isinstance(scope, MerchantScope):
        raise ScopeMissing(f"no merchant in the system scope {scope.reason!r}")
    return scope.merchant_id


@event.listens_for(Session, "after_begin")
def _set_scope(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:  # a savepoint keeps the settings of its root transaction
        return
    scope = scope_of(session)
    merchant = str(scope.merchant_id) if isinstance(scope, MerchantScope) else ""
    role = scope.role if isinstance(scope, MerchantScope) else "system"
    statement_ms = int(deadline.remaining(deadline.STATEMENT_SECONDS) * 1000)
    connection.exec_driver_sql(
        SET_SCOPE, (merchant, role, current_request_id(), str(statement_ms), str(LOCK_TIMEOUT_MS))
    )
