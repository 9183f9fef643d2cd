"""Reminding callers of their bookings. The job finds its own work; what is due is in the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import reminding, repository
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.telling import tell
from callwaiting.features.bookings.transitions import State
from callwaiting.features.merchants import service as merchants

BATCH = 500


@dataclass(frozen=True, slots=True)
class DueReminder:
    merchant_id: UUID
    booking_id: UUID


def due_reminders(session: Session) -> list[DueReminder]:
    """Bookings of all merchants of which somebody is to be reminded now; for the service role."""
    rows = session.execute(
        select(Booking.merchant_id, Booking.id)
        .where(Booking.remind_at <= clock.now())
        .order_by(Booking.remind_at)
        .limit(BATCH)
    )
    return [DueReminder(merchant_id, booking_id) for merchant_id, booking_id in rows]


def remind(session: Session, booking_id: UUID) -> Literal["reminded", "later", "kept"]:
    """Plan the reminder of a booking, once for each of its times.

    `later`: it is night, and eight in the morning is still early enough. `kept`: it is not due (any more), was
    cancelled, or it is too late to remind.
    """
    booking, now = repository.locked(session, booking_id), clock.now()
    if booking is None or booking.remind_at is None or booking.remind_at > now:
        return "kept"
    booking.remind_at = None
    if booking.state != State.CONFIRMED:
        return "kept"
    at = reminding.late_until(now, booking.starts_at, merchants.profile(session).timezone)
    if at is None:
        return "kept"
    if at > now:
        booking.remind_at = at
        return "later"
    session.flush()
    tell(session, booking, "reminder")
    audit.record(session, "booking.reminded", subject=f"booking:{booking_id}")
    return "reminded"
