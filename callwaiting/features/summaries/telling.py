"""Telling each merchant's day once, in the morning after, by the merchant's own clock.

What was told has a row a merchant and day, written in the transaction that plans the mails: a second worker, a second
try and an hour that comes twice in autumn find it. An hour that is left out in spring is told with the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.mails.service import plan_mail
from callwaiting.features.summaries import service, summary, texts
from callwaiting.features.summaries.models import DailySummary

BATCH = 500
Outcome = Literal["mailed", "empty", "nobody", "told"]
DUE = text("""
select m.id, local.at::date - 1 as day
from app.merchants m
left join app.summary_settings s on s.merchant_id = m.id
cross join lateral (select cast(:now as timestamptz) at time zone m.timezone as at) local
where m.status = 'active' and coalesce(s.enabled, true) and extract(hour from local.at) >= coalesce(s.hour, 7)
  and not exists (select from app.daily_summaries d where d.merchant_id = m.id and d.day = local.at::date - 1)
limit :limit
""")


@dataclass(frozen=True, slots=True)
class DueDay:
    merchant_id: UUID
    day: date


def due(session: Session) -> list[DueDay]:
    """The days of all merchants that are to be told now; for the service role."""
    rows = session.execute(DUE, {"now": clock.now(), "limit": BATCH})
    return [DueDay(row.id, row.day) for row in rows]


def tell(session: Session, day: date) -> Outcome:
    """Plan the mails about a day of the session's merchant. `told`: that was done before."""
    row_id = new_id()
    claim = insert(DailySummary).values(merchant_id=merchant_of(session), id=row_id, day=day, outcome="nobody")
    if session.scalar(claim.on_conflict_do_nothing().returning(DailySummary.id)) is None:
        return "told"
    found = summary.of_day(session, day)
    people = service.recipients(session, empty=found.empty)
    for member in people:
        plan_mail(
            session,
            "summaries.daily",
            recipient=member.email,
            subject=texts.subject(found),
            text=texts.body(found, member.name),
        )
    outcome: Outcome = "mailed" if people else "empty" if found.empty else "nobody"
    values = {"outcome": outcome, "recipients": len(people)}
    session.execute(update(DailySummary).where(DailySummary.id == row_id).values(values))
    if people:
        audit.record(
            session,
            "summary.mailed",
            subject=f"merchant:{merchant_of(session)}",
            details={"day": str(day), "recipients": len(people)},
        )
    return outcome
