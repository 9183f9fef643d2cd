"""Taking due effects, one at a time, each with a lease and a token.

A lease that ran out may hide a call that was made but not recorded: such an effect comes back as unclear. The claim is
durable before the call is made, whatever `synchronous_commit` the plan was committed with.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from callwaiting.core import metrics
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id
from callwaiting.core.retry import ATTEMPTS, FailureClass
from callwaiting.features.alerts.service import raise_alert
from callwaiting.features.audit import service as audit

LEASE_SECONDS = 40  # above a job's hard limit of 30 s

CLAIM = text("""
with picked as (
    select o.merchant_id, o.id, o.state from app.outbox o
    where (o.state in ('planned', 'retry', 'unknown') and o.next_at <= now())
       or (o.state = 'running' and o.lease_until < now())
    order by o.next_at limit 1 for update skip locked
)
update app.outbox o
set state = 'running', attempts = o.attempts + 1, lease_token = :token,
    lease_until = clock_timestamp() + make_interval(secs => :lease), unclear = o.unclear or p.state = 'running'
from picked p where o.merchant_id = p.merchant_id and o.id = p.id
returning o.id, o.merchant_id, o.kind, o.subject_id, o.attempts, o.unclear, o.request_id,
    p.state = 'running' as was_lost
""")
DUE = text("""
select exists (select from app.outbox where state in ('planned', 'retry', 'unknown') and next_at <= now())
    or exists (select from app.outbox where state = 'running' and lease_until < now())
""")
BURY = text("""
update app.outbox set state = 'dead', error_class = 'lost', error = :error, lease_until = null, lease_token = null
where merchant_id = :merchant_id and id = :id
""")


class Fenced(CallwaitingError):
    """The lease ran out and another worker has the effect: what was to be recorded here must not be."""

    reason = "outbox.fenced"


@dataclass(frozen=True, slots=True)
class Claim:
    """An effect that this worker holds until its lease ends."""

    id: UUID
    merchant_id: UUID
    kind: str
    subject_id: UUID
    attempts: int
    unclear: bool
    request_id: str
    token: UUID


def take(session: Session) -> Claim | None:
    """Claim one due effect; None when there is none. The session is a system one of the service role.

    Effects that took their worker with them too often are buried here, with an alert.
    """
    token = new_id()
    while True:
        row = session.execute(CLAIM, {"token": token, "lease": LEASE_SECONDS}).mappings().one_or_none()
        if row is None:
            return None
        if not row["was_lost"] or row["attempts"] <= ATTEMPTS[FailureClass.BUG]:
            return Claim(**{name: row[name] for name in Claim.__slots__ if name != "token"}, token=token)
        summary = "A call to a provider took its workers with it, again and again."
        session.execute(BURY, {"merchant_id": row["merchant_id"], "id": row["id"], "error": summary})
        audit.record(session, "effect.buried", subject=f"effect:{row['id']}", reason="lost")
        raise_alert(
            session,
            "outbox.lost",
            subject=f"effect:{row['id']}",
            severity="high",
            summary=summary,
            details={"effect": str(row["id"]), "kind": row["kind"]},
        )
        metrics.EFFECTS.labels(row["kind"], "dead").inc()


def any_due(session: Session) -> bool:
    """Whether `take` would find something. The session is a system one of the service role."""
    return bool(session.scalar(DUE))
