"""Taking due events, each with a lease and a token, and giving them back.

Fresh events are taken a hundred at once. One that was taken before is taken alone: if it kills its worker, it burns its
own attempts and nobody else's. The attempt is counted when it is claimed, because a killed worker counts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from callwaiting.core import metrics
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id
from callwaiting.core.retry import ATTEMPTS, FailureClass
from callwaiting.core.statements import Statement
from callwaiting.features.alerts.service import raise_alert
from callwaiting.features.audit import service as audit
from callwaiting.providers.ports import Mode, ProviderName

BATCH = 100
LEASE_SECONDS = 40  # above a job's hard limit of 30 s; a lost event is taken up again within a minute of its loss

# Neither a claim nor the handling of an event waits for the disk: if Postgres itself crashes just then, the event is
# as it was acknowledged and is handled again, effects, audit and all. Calls to providers are claimed durably.
CLAIM = """
with picked as (
    select e.id, e.status, e.lease_until from app.webhook_events e
    where {due} order by e.next_at limit %(batch)s for update skip locked
), numbered as (
    select p.*, 1 + coalesce((select max(a.n) from app.webhook_attempts a where a.event_id = p.id), 0) as n
    from picked p
), claimed as (
    update app.webhook_events e
    set status = 'running', attempts = e.attempts + 1, lease_token = %(token)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s),
        merchant_id = coalesce(
            e.merchant_id, s.merchant_id,
            (select m.merchant_id from auth.merchant_of_number(decode(e.routing_keys->>'number_hash', 'hex')) m),
            auth.merchant_of_account(s.provider, s.mode, coalesce(e.routing_keys->>'account', s.account)))
    from numbered p, app.webhook_sources s
    where e.id = p.id and s.id = e.source_id
    returning e.id, e.merchant_id, e.source_id, e.provider, s.mode, coalesce(e.routing_keys->>'account', s.account)
        as account, e.event_type, e.object_key, e.provider_event_id, e.occurred_at, e.seq, e.received_at,
        e.request_id, e.attempts, p.n + (p.status = 'running')::int as n, p.status = 'running' as was_lost,
        p.lease_until as lost_at
), lost as (
    insert into app.webhook_attempts (event_id, n, merchant_id, started_at, ended_at, outcome)
    select c.id, c.n - 1, c.merchant_id, c.lost_at - make_interval(secs => %(lease)s), c.lost_at, 'lost'
    from claimed c where c.was_lost
)
select *, set_config('synchronous_commit', 'off', true) from claimed order by received_at, id
"""
FRESH = Statement(CLAIM.format(due="e.status = 'received' and e.next_at <= now()"))
AGAIN = Statement(
    CLAIM.format(due="(e.status = 'retry' and e.next_at <= now()) or (e.status = 'running' and e.lease_until < now())")
)
DUE = Statement("""
select exists (select from app.webhook_events where status in ('received', 'retry') and next_at <= now())
    or exists (select from app.webhook_events where status = 'running' and lease_until < now())
""")
BURY = text("""
update app.webhook_events
set status = 'dead', error_class = :error_class, error = :error, lease_until = null, lease_token = null
where id = :id
""")
# An event that was put back has lost nothing: the attempt does not count, and a fresh one is fresh again.
PUT_BACK = text("""
update app.webhook_events
set status = case when attempts > 1 then 'retry' else 'received' end, attempts = attempts - 1,
    lease_until = null, lease_token = null, next_at = clock_timestamp() + make_interval(secs => :delay)
where id = any(:ids) and lease_token = :token
""")


class Fenced(CallwaitingError):
    """The lease ran out and another worker has the event: whatever was done here must be undone."""

    reason = "webhooks.fenced"


@dataclass(frozen=True, slots=True)
class Claim:
    """An event that this worker holds until its lease ends. `n` numbers the attempt in the event's history."""

    id: UUID
    merchant_id: UUID
    source_id: UUID
    provider: ProviderName
    mode: Mode
    account: str
    event_type: str
    object_key: str
    provider_event_id: str
    occurred_at: datetime | None
    seq: int | None
    received_at: datetime
    request_id: str
    attempts: int
    n: int
    token: UUID


def take(session: Session, *, again_first: bool = False, batch: int = BATCH) -> list[Claim] | None:
    """Claim what is due: fresh events, or one that was claimed before. None when nothing is due.

    The session is a system one of the service role. Events that lead to no merchant, and those that took their worker
    with them too often, are buried here with an alert; the list may therefore be empty.
    """
    if not any_due(session):  # most looks find nothing, and this one is ten times cheaper than a claim
        return None
    token = new_id()
    turns = ((AGAIN, 1), (FRESH, batch)) if again_first else ((FRESH, batch), (AGAIN, 1))
    for statement, limit in turns:
        found = statement(session, batch=limit, token=token, lease=LEASE_SECONDS)
        if found:
            return [claim for row in found if (claim := _routed(session, row, token))]
    return None


def any_due(session: Session) -> bool:
    """Whether `take` would find something. The session is a system one of the service role."""
    return bool(DUE(session).scalar())


def put_back(session: Session, claims: Sequence[Claim], *, delay_s: float) -> None:
    """Give claimed events back, due again in `delay_s`, without counting the attempt."""
    if claims:
        session.execute(PUT_BACK, {"ids": [claim.id for claim in claims], "token": claims[0].token, "delay": delay_s})


def _routed(session: Session, row: Any, token: UUID) -> Claim | None:
    if row.merchant_id is None:
        _bury(session, row, "unroutable", f"source:{row.source_id}", "A webhook belongs to no merchant we know.")
        return None
    if row.was_lost and row.attempts > ATTEMPTS[FailureClass.BUG]:
        _bury(session, row, "lost", f"event:{row.id}", "A webhook's workers were lost, again and again.")
        return None
    return Claim(**{name: getattr(row, name) for name in Claim.__slots__ if name != "token"}, token=token)


def _bury(session: Session, row: Any, error_class: str, subject: str, summary: str) -> None:
    session.execute(BURY, {"id": row.id, "error_class": error_class, "error": summary})
    audit.record(session, "webhook.buried", subject=f"webhook_event:{row.id}", reason=error_class)
    raise_alert(
        session,
        f"webhooks.{error_class}",
        subject=subject,
        severity="high",
        summary=summary,
        details={"event": str(row.id), "provider": row.provider, "type": row.event_type},
    )
    metrics.EVENTS.labels(row.provider, "dead").inc()
