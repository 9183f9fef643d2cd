"""Working through due events: claim, then one transaction an event in its merchant's scope.

Effects, audit, and the event's being done commit together, and only while the lease is ours. What fails is rolled
back and noted in a second transaction: due again later, or dead with an alert.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

import structlog
from sqlalchemy import CursorResult, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callwaiting.core import deadline, metrics
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import process_name
from callwaiting.core.request_context import request_id
from callwaiting.core.retry import classify, delay_s, describe
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.alerts.service import raise_alert
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.webhooks import claims
from callwaiting.features.webhooks.claims import Claim, Fenced
from callwaiting.features.webhooks.service import Handler, StoredEvent, body_place
from callwaiting.providers.registry import Providers

BUDGET_SECONDS = 10.0
EVENT_SECONDS = 6.0  # what one event may take; with the budget it stays below the job's deadline of 18 s
PUT_BACK_SECONDS = 0.2
LOOK_AGAIN_SECONDS = 0.02

Handlers = Mapping[tuple[str, str], Handler]
Outcome = Literal["done", "ignored", "retry", "dead", "put_back", "fenced"]
log = structlog.get_logger()

LOCK_AND_READ = Statement("""
select pg_try_advisory_xact_lock(hashtextextended(%(object)s, 0)) as locked, e.raw,
    set_config('synchronous_commit', 'off', true)
from app.webhook_events e where e.id = %(id)s and e.lease_token = %(token)s
""")
# Done, the attempt and all audit records by one statement. Fenced, its row count is 0, and all is rolled back.
FINISH = Statement(f"""
with finished as (
    update app.webhook_events
    set status = %(outcome)s, done_at = clock_timestamp(), raw = %(raw)s, error_class = null, error = null,
        lease_until = null, lease_token = null
    where id = %(id)s and lease_token = %(token)s returning id, merchant_id
), recorded as ({audit.INSERT})
insert into app.webhook_attempts (event_id, n, merchant_id, started_at, ended_at, outcome, worker)
select id, %(n)s, merchant_id, %(started_at)s, clock_timestamp(), %(outcome)s, %(worker)s from finished
""")  # noqa: S608 - both parts are our own text
FAIL = text("""
with failed as (
    update app.webhook_events
    set status = :outcome, error_class = :error_class, error = :error, lease_until = null, lease_token = null,
        next_at = clock_timestamp() + make_interval(secs => :delay)
    where id = :id and lease_token = :token returning id, merchant_id
)
insert into app.webhook_attempts (event_id, n, merchant_id, started_at, ended_at, outcome, error, worker)
select id, :n, merchant_id, :started_at, clock_timestamp(), :outcome, :error, :worker from failed
""")


def drain(database: Database, providers: Providers, handlers: Handlers, *, budget_s: float = BUDGET_SECONDS) -> bool:
    """Work until nothing is due; False then. True when the time ran out first: somebody should go on.

    Raises ServiceUnavailable when the database goes away; what was claimed is due again when its lease ends.
    """
    end = time.monotonic() + budget_s
    look_until = 0.0  # something was put back, so look again until it is due
    again_first = False
    while time.monotonic() < end:
        with database.unit_of_work(SystemScope("claim due events"), DatabaseRole.SERVICE) as session:
            taken = claims.take(session, again_first=again_first)
        again_first = not again_first
        if taken is not None:
            if _work_off(database, providers, handlers, taken, end):
                look_until = time.monotonic() + PUT_BACK_SECONDS + LOOK_AGAIN_SECONDS
        elif time.monotonic() < look_until:
            time.sleep(LOOK_AGAIN_SECONDS)
        else:
            return False
    return True


def _work_off(database: Database, providers: Providers, handlers: Handlers, taken: list[Claim], end: float) -> bool:
    """Attempt each event while there is time, give back the rest. True when any was put back."""
    waiting = list(reversed(taken))
    put_back = False
    try:
        while waiting and time.monotonic() < end:
            with request_id(waiting[-1].request_id):
                put_back |= attempt(database, providers, handlers, waiting.pop()) == "put_back"
    finally:
        if waiting:
            with (
                suppress(CallwaitingError, SQLAlchemyError),  # without the database, their leases end by themselves
                database.unit_of_work(SystemScope("give back events"), DatabaseRole.SERVICE) as session,
            ):
                claims.put_back(session, waiting, delay_s=0)
    return put_back


def attempt(database: Database, providers: Providers, handlers: Handlers, claim: Claim) -> Outcome:
    """One attempt at a claimed event. Its failure is noted, not raised; raises only what keeps it from being noted."""
    started_at = datetime.now(UTC)
    outcome: Outcome
    try:
        with (
            deadline.within(EVENT_SECONDS),
            database.unit_of_work(MerchantScope(claim.merchant_id, actor=f"webhook:{claim.provider}")) as session,
        ):
            outcome = _handle(session, providers, handlers, claim, started_at)
    except Fenced:
        outcome = "fenced"
    except Exception as error:  # every kind of failure has its class, see core.retry
        log.warning(
            "event.failed", event_id=claim.id, type=claim.event_type, attempt=claim.attempts, error=describe(error)
        )
        outcome = _note_failure(database, claim, error, started_at)
    metrics.EVENTS.labels(claim.provider, outcome).inc()
    if outcome in {"done", "ignored"}:
        metrics.EVENT_SECONDS.labels(claim.provider).observe((datetime.now(UTC) - claim.received_at).total_seconds())
    return outcome


def _handle(
    session: Session, providers: Providers, handlers: Handlers, claim: Claim, started_at: datetime
) -> Literal["done", "ignored", "put_back"]:
    key = f"{claim.source_id}:{claim.object_key or claim.id}"
    row = LOCK_AND_READ(session, object=key, id=claim.id, token=claim.token).one_or_none()
    if row is None:
        raise Fenced
    if not row.locked:
        claims.put_back(session, [claim], delay_s=PUT_BACK_SECONDS)
        return "put_back"
    place = body_place(claim.id)
    raw = keys.unseal_for_platform(session, place, bytes(row.raw))
    handler = handlers.get((claim.provider, claim.event_type))
    outcome = handler(session, _stored(claim, raw), providers) if handler else "ignored"
    finished = FINISH(
        session,
        id=claim.id,
        token=claim.token,
        outcome=outcome,
        raw=keys.seal(session, place, raw),
        n=claim.n,
        started_at=started_at,
        worker=process_name(),
        merchant_id=claim.merchant_id,
        records=audit.take_records(session),
    )
    _require_lease(finished.rowcount)
    return outcome


def _note_failure(
    database: Database, claim: Claim, error: Exception, started_at: datetime
) -> Literal["retry", "dead", "fenced"]:
    delay = delay_s(error, claim.attempts)
    outcome: Literal["retry", "dead"] = "dead" if delay is None else "retry"
    facts = {
        "id": claim.id,
        "token": claim.token,
        "outcome": outcome,
        "error_class": classify(error),
        "error": describe(error),
        "delay": delay or 0,
        "n": claim.n,
        "started_at": started_at,
        "worker": process_name(),
    }
    try:
        with database.unit_of_work(MerchantScope(claim.merchant_id, actor=f"webhook:{claim.provider}")) as session:
            failed = session.execute(FAIL, facts)
            _require_lease(failed.rowcount if isinstance(failed, CursorResult) else 0)
            if outcome == "dead":
                audit.record(session, "webhook.buried", subject=f"webhook_event:{claim.id}", reason=classify(error))
                raise_alert(
                    session,
                    "webhooks.dead",
                    subject=f"event:{claim.id}",
                    severity="high",
                    summary=f"A {claim.provider} event ({claim.event_type}) could not be handled.",
                    details={"event": str(claim.id), "error": describe(error)},
                )
    except Fenced:
        return "fenced"
    return outcome


def _require_lease(met: int) -> None:
    """Raises Fenced when the statement, conditional on our token, met no row."""
    if met != 1:
        raise Fenced


def _stored(claim: Claim, raw: bytes) -> StoredEvent:
    return StoredEvent(
        id=claim.id,
        provider=claim.provider,
        mode=claim.mode,
        account=claim.account,
        event_type=claim.event_type,
        object_key=claim.object_key,
        provider_event_id=claim.provider_event_id,
        occurred_at=claim.occurred_at,
        seq=claim.seq,
        received_at=claim.received_at,
        raw=raw,
    )
