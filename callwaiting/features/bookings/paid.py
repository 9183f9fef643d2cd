"""What becomes of a booking when the deposit that it waits for has come, or has not."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import holding, repository
from callwaiting.features.bookings.telling import tell
from callwaiting.features.bookings.transitions import MADE, Move, State, after


def take_paid(session: Session, booking_id: UUID) -> Literal["confirmed", "repeated", "lost"]:
    """Confirm a booking whose deposit has come, and tell the caller. `lost`: it is over, its time may be another's."""
    booking = repository.locked(session, booking_id)
    if booking is None:
        return "lost"
    if booking.state == State.AWAITING_DEPOSIT:
        holding.settle(session, booking, answers_live_call=True)  # the payer has just paid
        return "confirmed"
    return "repeated" if booking.state in MADE else "lost"


def expire_unpaid(session: Session, booking_id: UUID) -> None:
    """Nobody has paid the deposit in time: the time is free again, and the caller is told."""
    booking = repository.locked(session, booking_id)
    state = after(booking.state, Move.EXPIRE) if booking else None
    if booking is None or state is None or booking.state == State.HELD:
        return
    booking.state, booking.hold_expires_at = state, None
    booking.version += 1
    session.flush()
    audit.record(session, "booking.expired", subject=f"booking:{booking_id}", reason="deposit not paid")
    tell(session, booking, "expired")


def waive_asked(session: Session, booking_id: UUID, *, answers_live_call: bool) -> None:
    """No link can ask for the deposit: confirm the booking without it."""
    booking = repository.locked(session, booking_id)
    if booking is not None and booking.state == State.AWAITING_DEPOSIT:
        booking.deposit_minor = 0
        audit.record(session, "booking.deposit_waived", subject=f"booking:{booking_id}", reason="cannot be asked for")
        holding.settle(session, booking, answers_live_call=answers_live_call)
