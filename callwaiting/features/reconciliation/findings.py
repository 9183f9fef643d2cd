"""Differences, kept: found once however often they are seen, told once, and over when they are gone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.reconciliation.models import ReconcileFinding

RULE = "reconciliation.differs"
Kind = Literal["missing_here", "missing_there", "amount_differs", "currency_differs", "state_differs", "fee_differs"]
Subject = Literal["call", "message", "payment", "refund", "fee"]
State = Literal["open", "resolved"]
SAID: dict[Kind, str] = {
    "missing_here": "{provider} lists a {subject} that we do not have.",
    "missing_there": "{provider} does not know a {subject} that we have.",
    "amount_differs": "The amount of a {subject} is {theirs} at {provider} and {ours} here.",
    "currency_differs": "The currency of a {subject} is another one at {provider}: {theirs}, and {ours} here.",
    "state_differs": "A {subject} is {theirs} at {provider} and {ours} here.",
    "fee_differs": "{provider} now tells another fee ({theirs}) than it did ({ours}).",
}
NAMES = {"stripe": "Stripe", "paypal": "PayPal", "twilio": "Twilio"}
SERIOUS = frozenset({"missing_here", "missing_there", "amount_differs", "currency_differs"})


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs. Neither side names a person."""

    subject: Subject
    object_id: str
    kind: Kind
    ours: str = ""
    theirs: str = ""
    payment_id: str = ""
    checkout_id: str = ""


Key = tuple[str, str]
"""Subject and the provider's id of the thing."""


def note(session: Session, provider: str, found: Sequence[Difference], checked: Collection[Key]) -> int:
    """Keep what was found; what was `checked` and differs no more is resolved. Returns how many are new.

    A new finding raises an alert, which ends with it.
    """
    known = {(row.subject, row.object_id, row.kind): row for row in _open(session, provider)}
    new = 0
    for difference in found:
        row = known.pop((difference.subject, difference.object_id, difference.kind), None)
        if row is None:
            _add(session, provider, difference)
            new += 1
            continue
        row.ours, row.theirs, row.last_seen_at = difference.ours, difference.theirs, clock.now()
    for (subject, object_id, _), row in known.items():
        if (subject, object_id) in checked:
            _resolve(session, row)
    session.flush()
    return new


def note_repaired(session: Session, provider: str, difference: Difference) -> None:
    """Keep a difference that was put right in this very transaction."""
    row = _row(session, provider, difference)
    row.state, row.repaired, row.resolved_at = "resolved", True, clock.now()
    session.add(row)
    session.flush()
    audit.record(session, "reconciliation.repaired", subject=f"finding:{row.id}", details=_facts(row))


def open_ones(session: Session, provider: str, limit: int) -> Sequence[ReconcileFinding]:
    """The oldest open findings of money, to be looked at again."""
    query = select(ReconcileFinding).where(
        ReconcileFinding.provider == provider,
        ReconcileFinding.state == "open",
        ReconcileFinding.subject.in_(("payment", "refund", "fee")),
    )
    return session.scalars(query.order_by(ReconcileFinding.last_seen_at).limit(limit)).all()


def newest(
    session: Session, *, state: State | None, provider: str | None, before: UUID | None, limit: int
) -> Sequence[ReconcileFinding]:
    """The merchant's findings by their ids, which rise with time, newest first."""
    query = select(ReconcileFinding).order_by(ReconcileFinding.id.desc()).limit(limit)
    if state is not None:
        query = query.where(ReconcileFinding.state == state)
    if provider is not None:
        query = query.where(ReconcileFinding.provider == provider)
    return session.scalars(query if before is None else query.where(ReconcileFinding.id < before)).all()


def count_open(session: Session, provider: str | None = None) -> int:
    query = select(func.count()).select_from(ReconcileFinding).where(ReconcileFinding.state == "open")
    return session.scalar(query if provider is None else query.where(ReconcileFinding.provider == provider)) or 0


def _open(session: Session, provider: str) -> Sequence[ReconcileFinding]:
    """Locked, so that a comparison by hand and the nightly one do not both write."""
    query = select(ReconcileFinding).where(ReconcileFinding.provider == provider, ReconcileFinding.state == "open")
    return session.scalars(query.order_by(ReconcileFinding.id).with_for_update()).all()


def _add(session: Session, provider: str, difference: Difference) -> None:
    row = _row(session, provider, difference)
    session.add(row)
    session.flush()
    facts = _facts(row)
    audit.record(session, "reconciliation.found", subject=f"finding:{row.id}", details=facts)
    alerts.raise_alert(
        session,
        RULE,
        subject=f"finding:{row.id}",
        severity="high" if difference.kind in SERIOUS else "warning",
        summary=SAID[difference.kind].format(
            provider=NAMES.get(provider, provider),
            subject="text" if difference.subject == "message" else difference.subject,
            ours=difference.ours,
            theirs=difference.theirs,
        ),
        details=facts,
    )


def _resolve(session: Session, row: ReconcileFinding) -> None:
    row.state, row.resolved_at = "resolved", clock.now()
    alerts.resolve_alert(session, RULE, subject=f"finding:{row.id}")
    audit.record(session, "reconciliation.resolved", subject=f"finding:{row.id}", details=_facts(row))


def _row(session: Session, provider: str, difference: Difference) -> ReconcileFinding:
    return ReconcileFinding(
        merchant_id=merchant_of(session),
        id=new_id(),
        provider=provider,
        subject=difference.subject,
        object_id=difference.object_id,
        kind=difference.kind,
        payment_id=difference.payment_id,
        checkout_id=difference.checkout_id,
        ours=difference.ours,
        theirs=difference.theirs,
    )


def _facts(row: ReconcileFinding) -> dict[str, str | int | None]:
    return {"provider": row.provider, "what": row.subject, "object": row.object_id, "kind": row.kind}
