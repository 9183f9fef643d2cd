"""Orders in figures, day by day."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.features.orders.models import Order


def per_day(session: Session, days: Days) -> Mapping[int, int]:
    """How many were placed, whatever has become of them, by the number of the day; days without are left out. What is
    paid for a booking counts as a booking."""
    day = days.number_of(Order.created_at).label("day")
    rows = session.execute(
        select(day, func.count().label("made"))
        .where(days.contain(Order.created_at), Order.booking_id.is_(None))
        .group_by(day)
    )
    return {row.day: row.made for row in rows}


def paid(session: Session, days: Days) -> int:
    """How many were paid on these days, whatever was given back since."""
    return session.scalars(
        select(func.count()).select_from(Order).where(days.contain(Order.paid_at), Order.booking_id.is_(None))
    ).one()
