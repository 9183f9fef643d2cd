"""The texts about a booking on their way: one that is no longer true is not sent."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.transitions import State
from callwaiting.features.messages.errors import NoLongerTrue
from callwaiting.features.messages.events import TextDue

STATE_TOLD: Mapping[str, State] = {
    "booking_confirmation": State.CONFIRMED,
    "booking_moved": State.CONFIRMED,
    "booking_moved_unpaid": State.AWAITING_DEPOSIT,
    "booking_reminder": State.CONFIRMED,
    "booking_link": State.CONFIRMED,
    "booking_acknowledged": State.CONFIRMED,
    "booking_too_late": State.CONFIRMED,
    "booking_expired": State.EXPIRED,
    "booking_cancelled": State.CANCELLED,
    "booking_cancelled_by_caller": State.CANCELLED,
}


def require_still_true(session: Session, due: TextDue) -> None:
    """A booking is told of while it is in the state that the text tells, and has not begun. Raises NoLongerTrue."""
    told = STATE_TOLD.get(due.kind)
    if told is None or due.subject_id is None:
        return
    booking = session.execute(
        select(Booking.state, Booking.starts_at).where(Booking.id == due.subject_id)
    ).one_or_none()
    if booking is None or booking.state != told or booking.starts_at <= clock.now():
        raise NoLongerTrue
