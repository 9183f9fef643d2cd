"""Recording what happened, and reading it back. Chaining and verifying are in `chain.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

import orjson
from sqlalchemy import event
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.db import Database
from callwaiting.core.ids import new_id
from callwaiting.core.jobs import Job, ring
from callwaiting.core.request_context import current_request_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import MerchantScope, Scope, scope_of
from callwaiting.features.audit import repository
from callwaiting.features.audit.hashing import link_hash

Detail = str | int | bool | None
# Nothing is returned, because writers may not read the outbox.
INSERT = """
insert into audit.outbox (merchant_id, record)
select %(merchant_id)s::uuid, record from unnest(%(records)s::bytea[]) record
"""
WRITE = Statement(INSERT)
UNWRITTEN = "audit"  # where a session keeps the records that its commit will write


def record(
    session: Session,
    action: str,
    *,
    subject: str = "",
    outcome: str = "ok",
    reason: str = "",
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Record an action in the same transaction as its effect: both happen, or neither. The commit writes it.

    `action` is `slice.verb` in the past tense (`order.paid`); `subject` is `kind:id`. `details` hold no personal
    data: the log outlives an erasure.
    """
    scope = scope_of(session)
    merchant_id = _merchant_id(scope)
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
    session.info.setdefault(UNWRITTEN, []).append(orjson.dumps(body, option=orjson.OPT_SORT_KEYS))
    if session.in_nested_transaction():
        write_records(session)  # a savepoint takes its records with it
    ring(session, Job.CHAIN_AUDIT)


@event.listens_for(Session, "before_commit")
def write_records(session: Session) -> None:
    """Write what was recorded since the last time, by one statement. Every commit does it of itself."""
    if records := take_records(session):
        WRITE(session, merchant_id=_merchant_id(scope_of(session)), records=records)


def take_records(session: Session) -> list[bytes]:
    """What was recorded since the last time, for a statement of the caller that holds `INSERT`."""
    records: list[bytes] = session.info.pop(UNWRITTEN, [])
    return records


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(UNWRITTEN, None)


def record_denial(database: Database, scope: Scope, action: str, *, subject: str = "", reason: str) -> None:
    """Record a refusal in a transaction of its own, for the refused one is rolled back."""
    with database.unit_of_work(scope) as session:
        record(session, action, subject=subject, outcome="denied", reason=reason)


@dataclass(frozen=True, slots=True)
class ProvenRecord:
    """A link of the chain with all that was hashed. `record` is the text whose hash it is; `holds` says that the hash
    fits."""

    seq: int
    record: str
    prev_hash: bytes
    merchant_prev_hash: bytes | None
    hash: bytes
    holds: bool


def proven_records(session: Session, subjects: Collection[str]) -> list[ProvenRecord]:
    """The session's merchant's links about these subjects (`kind:id`), in order, each checked by itself."""
    return [
        ProvenRecord(
            link.seq,
            link.record.decode(),
            link.prev_hash,
            link.merchant_prev_hash,
            link.hash,
            link_hash(link.prev_hash, link.seq, link.merchant_id, link.record) == link.hash,
        )
        for link in repository.links_about(session, subjects)
    ]


def _merchant_id(scope: Scope) -> UUID | None:
    return scope.merchant_id if isinstance(scope, MerchantScope) else None
