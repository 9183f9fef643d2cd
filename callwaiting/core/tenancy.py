"""Whose data a transaction may touch, and the one place that tells the database.

Every session carries a scope. When its transaction begins, one statement sets the tenant for that transaction only;
Row Level Security does the rest. A session without a scope cannot begin.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn
from uuid import UUID

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, SessionTransaction

from callwaiting.core import deadline
from callwaiting.core.errors import CallwaitingError, ErrorCode
from callwaiting.core.request_context import current_request_id
from callwaiting.core.statements import Statement

LOCK_TIMEOUT_MS = 3000


SCOPE = (
    "select set_config('app.merchant_id', %(scope_merchant)s, true), set_config('app.user_id', %(scope_user)s, true),"
    " set_config('app.session_id', %(scope_session)s, true), set_config('app.role', %(scope_role)s, true),"
    " set_config('app.request_id', %(scope_request)s, true),"
    " set_config('statement_timeout', %(scope_statement_ms)s, true),"
    " set_config('transaction_timeout', %(scope_transaction_ms)s, true),"
    f" set_config('lock_timeout', '{LOCK_TIMEOUT_MS}', true)"
)
ASKED = (
    "(%(claim_session)s::uuid, %(claim_user)s::uuid, %(claim_merchant)s::uuid, %(claim_version)s::int,"
    " %(claim_key)s::uuid)"
)
# The same statement asks whether what the access token says still holds: no round trip more, and no cache, which
# could not promise that a revocation works on the next request.
SET_SCOPE = Statement(SCOPE)
SET_SCOPE_OF_SESSION = Statement(f"{SCOPE}, auth.session_state{ASKED}")
REQUIRE_SESSION = Statement(f"{SCOPE}, auth.require_live{ASKED}")
SESSION_OVER = "XW001"  # raised by auth.require_live


@dataclass(frozen=True, slots=True)
class SessionClaim:
    """What a verified access token says, and what may be over by now. `membership_version` is 0 without a merchant."""

    session_id: UUID
    membership_version: int
    signing_key: UUID


@dataclass(frozen=True, slots=True)
class MerchantScope:
    """Work for one merchant. `actor` names who acts, for the audit trail: `system`, `caller`, `user:<id>` …

    `user_id` opens that person's own rows; with a `session` the transaction begins only while it is alive.
    """

    merchant_id: UUID
    actor: str = "system"
    role: str = "system"
    user_id: UUID | None = None
    session: SessionClaim | None = None


@dataclass(frozen=True, slots=True)
class SystemScope:
    """Work that belongs to no merchant. It sees what its database role's own policies show, and says why it runs.

    `user_id` and `session` as in MerchantScope: a person who has proved who it is, and is in no merchant now.
    """

    reason: str
    actor: str = "system"
    user_id: UUID | None = None
    session: SessionClaim | None = None


Scope = MerchantScope | SystemScope


class ScopeMissing(RuntimeError):
    """A session was used without a scope: a fault of ours, refused before anything is read."""


class SessionOver(CallwaitingError):
    """The access token is genuine, but its session, membership, signing key or merchant is not what it was."""

    code = ErrorCode.AUTH_TOKEN_REVOKED
    reason = "auth.session_over"


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


def person_of(session: Session) -> UUID:
    """The person whose own rows this session may touch. Raises ScopeMissing when there is none."""
    user_id = scope_of(session).user_id
    if user_id is None:
        raise ScopeMissing("no person in this scope")
    return user_id


@event.listens_for(Session, "after_begin")
def _set_scope(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    if transaction.nested:  # a savepoint keeps the settings of its root transaction
        return
    session.info["begun"] = True
    settings, facts = settings_of(scope_of(session))
    prepare: bool = session.info["prepare"]
    if facts is None:
        SET_SCOPE.run(connection, settings, prepare=prepare)
        return
    state = SET_SCOPE_OF_SESSION.run(connection, settings | facts, prepare=prepare)[0][-1]
    if state != "live":
        refuse(state)


def begin_unless_begun(session: Session) -> None:
    """A session that is over is refused even where nothing was read."""
    if not session.info.get("begun"):
        session.connection()


def settings_of(scope: Scope) -> tuple[dict[str, object], dict[str, object] | None]:
    """The values of SET_SCOPE, and what a session is asked for its state by. For this module and `one_trip`."""
    merchant, role = (str(scope.merchant_id), scope.role) if isinstance(scope, MerchantScope) else ("", "system")
    user, claim = str(scope.user_id or ""), scope.session
    settings: dict[str, object] = {
        "scope_merchant": merchant,
        "scope_user": user,
        "scope_session": str(claim.session_id) if claim else "",
        "scope_role": role,
        "scope_request": current_request_id(),
        "scope_statement_ms": str(int(deadline.remaining(deadline.STATEMENT_SECONDS) * 1000)),
        # Many statements, each of them short enough, may be too long together. 0: nobody waits for this.
        "scope_transaction_ms": str(int((deadline.left() or 0) * 1000)),
    }
    if claim is None:
        return settings, None
    return settings, {
        "claim_session": str(claim.session_id),
        "claim_user": user,
        "claim_merchant": merchant or None,
        "claim_version": claim.membership_version,
        "claim_key": str(claim.signing_key),
    }


def refuse(state: str) -> NoReturn:
    """Raises SessionOver for a session in that state."""
    codes = {"expired": ErrorCode.AUTH_SESSION_EXPIRED, "suspended": ErrorCode.MERCHANT_SUSPENDED}
    raise SessionOver(code=codes.get(state), reason=f"auth.session_{state}")
