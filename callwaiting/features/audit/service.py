"""Recording what happened, and reading it back. Chaining and verifying are in `chain.py`."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.db import Database
from callwaiting.core.ids import new_id
from callwaiting.core.jobs import Job, ring
from callwaiting.core.request_context import current_request_id
from callwaiting.core.tenancy import MerchantScope, Scope, scope_of

Detail = str | int | bool | None
# The driver's own statement: every state change writes one, and through the session it cost four times as much.
# Nothing is returned, because writers may not read the outbox.
INSERT = "insert into audit.outbox (merchant_id, record) values (%s, %s)"


def record(
    session: Session,
    action: str,
    *,
    subject: str = "",
    outcome: str = "ok",
    reason: str = "",
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Record an action in the same transaction as its effect: both happen, or neither.

    `action` is `slice.verb` in the past tense (`order.paid`); `subject` is `kind:id`. `details` hold no personal
    data: the log outlives an erasure.
    """
    scope = scope_of(session)
    merchant_id = scope.merchant_id if isinstance(scope, MerchantScope) else None
    body = {
        "v": 1,
        "id": str(new_id()),
        "at": clock.now().isoformat(timespec="microseconds"),
        "merchant": str(merchant_id) if merchant_id else None,
        "actor": scope.actor,
        "action": action,
        "subject": subject,
        "outcome": outcome,
        "reason": reason or (scope.reason if not isinstance(scope, MerchantScope) else ""),
        "request_id": current_request_id(),
        "details": dict(details or {}),
    }
    row = (merchant_id, orjson.dumps(body, option=orjson.OPT_SORT_KEYS))
    session.connection().exec_driver_sql(INSERT, row)
    ring(session, Job.CHAIN_AUDIT)


def record_denial(database: Database, scope: Scope, action: str, *, subject: str = "", reason: str) -> None:
    """Record a refusal in a transaction of its own, for the refused one is rolled back."""
    with database.unit_of_work(scope) as session:
        record(session, action, subject=subject, outcome="denied", reason=reason)
