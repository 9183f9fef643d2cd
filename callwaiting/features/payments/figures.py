"""Money in figures, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.features.payments.models import Dispute, Payment, Refund


class MoneyFigures(NamedTuple):
    """Minor units of one currency: what was captured, and what of just that was given back since, or lost to a dispute.
    No money is in both."""

    captured: int
    refunded: int
    lost: int


def per_day(session: Session, days: Days, currency: str) -> Mapping[int, MoneyFigures]:
    """Sums by the number of the day of capture; days without are left out.

    Money that came in parked or as surplus has earned nothing and is left out too. A dispute that is still open has
    lost nothing yet; one whose money went back as a refund counts as that. So the ledger has it too.
    """
    lost = (
        select(Dispute.payment_id, func.sum(Dispute.amount_minor).label("minor"))
        .where(Dispute.state == "lost", Dispute.refund_id.is_(None), Dispute.currency == currency)
        .where(~exists().where(Refund.dispute_id == Dispute.id, Refund.state == "succeeded"))
        .group_by(Dispute.payment_id)
        .subquery()
    )
    day = days.number_of(Payment.settled_at).label("day")
    rows = session.execute(
        select(
            day,
            func.sum(Payment.amount_minor),
            func.sum(Payment.refunded_minor),
            func.coalesce(func.sum(lost.c.minor), 0),
        )
        .outerjoin(lost, lost.c.payment_id == Payment.id)
        .where(Payment.entered_as == "settled", Payment.currency == currency, days.contain(Payment.settled_at))
        .group_by(day)
    )
    return {number: MoneyFigures(*figures) for number, *figures in rows}


class Taken(NamedTuple):
    """Minor units: what paid for an order, and what of just that has been given back."""

    captured: int
    refunded: int


def taken_for(session: Session, order_id: UUID) -> Taken:
    """Sums over the payments that paid for an order: its deposit and its rest, or the whole."""
    row = session.execute(
        select(
            func.coalesce(func.sum(Payment.amount_minor), 0), func.coalesce(func.sum(Payment.refunded_minor), 0)
        ).where(Payment.order_id == order_id, Payment.entered_as == "settled")
    ).one()
    return Taken(*row)


def parked(session: Session) -> int:
    """How many payments have come in that fit no order, or came a second time, and wait for somebody to decide."""
    chosen = Payment.state.in_(("parked", "surplus"))
    return session.scalars(select(func.count()).select_from(Payment).where(chosen)).one()
