"""Bookings in figures, day by day."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.transitions import MADE, State


def per_day(session: Session, days: Days) -> Mapping[int, int]:
    """How many were made and still stand, by the number of the day of their making; days without are left out."""
    day = days.number_of(Booking.confirmed_at).label("day")
    rows = session.execute(
        select(day, func.count().label("made"))
        .where(Booking.state.in_(MADE), days.contain(Booking.confirmed_at))
        .group_by(day)
    )
    return {row.day: row.made for row in rows}


def beginning(session: Session, days: Days) -> int:
    """How many confirmed bookings begin on these days."""
    chosen = (Booking.state == State.CONFIRMED, days.contain(Booking.starts_at))
    return session.scalars(select(func.count()).select_from(Booking).where(*chosen)).one()
