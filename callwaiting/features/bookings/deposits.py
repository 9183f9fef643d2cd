"""A time that is kept until the deposit on its service has come. Its money is `features/deposits`' business."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.money import Money
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import repository, rules
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.bookings.events import DepositDue
from callwaiting.features.bookings.models import Booking, BookingService
from callwaiting.features.bookings.transitions import Move, State, after
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages


@dataclass(frozen=True, slots=True)
class Deposit:
    """What has to be paid before a booking is confirmed, and until when."""

    amount: Money
    until: datetime


def ask(session: Session, booking: Booking, *, answers_live_call: bool) -> None:
    """Keep a locked hold until its deposit has come, at most until it begins, and have it asked for."""
    state = after(booking.state, Move.ASK_DEPOSIT)
    if state is None or booking.caller_id is None or booking.phone_number_id is None or booking.service_id is None:
        raise SlotTaken(f"{booking.id} cannot be paid for")
    wanted = select(BookingService.name, BookingService.tax_rate_id).where(BookingService.id == booking.service_id)
    service = session.execute(wanted).one()
    sent_at = clock.now()
    if not answers_live_call:  # the link waits for the end of the night, and the time for the link
        sent_at = messages.quiet_until(session, booking.caller_id) or sent_at
    until = sent_at + timedelta(minutes=rules.rules_of(session).deposit_minutes)
    booking.state, booking.hold_expires_at = state, min(until, booking.starts_at)
    session.flush()
    audit.record(
        session,
        "booking.deposit_asked",
        subject=f"booking:{booking.id}",
        details={"deposit_minor": booking.deposit_minor},
    )
    profile = merchants.profile(session)
    news = DepositDue(
        booking_id=booking.id,
        service_id=booking.service_id,
        service=service.name,
        price=Money(booking.price_minor, profile.currency),
        tax=merchants.rates_by_id(session)[service.tax_rate_id].tax if service.tax_rate_id else profile.tax,
        deposit=Money(booking.deposit_minor, profile.currency),
        until=booking.hold_expires_at,
        caller_id=booking.caller_id,
        phone_number_id=booking.phone_number_id,
        answers_live_call=answers_live_call,
    )
    publish(session, news)


def waive(session: Session, booking_id: UUID) -> None:
    """The team wants no deposit for a hold: it is confirmed as if its service had none."""
    booking = repository.locked(session, booking_id)
    if booking is not None and booking.state == State.HELD and booking.deposit_minor:
        booking.deposit_minor = 0
        session.flush()
        audit.record(session, "booking.deposit_waived", subject=f"booking:{booking_id}")


def awaited(session: Session, booking_id: UUID) -> Deposit | None:
    """The deposit that a booking waits for; None when it waits for none."""
    booking = session.scalar(select(Booking).where(Booking.id == booking_id))
    if booking is None or booking.state != State.AWAITING_DEPOSIT or booking.hold_expires_at is None:
        return None
    return Deposit(Money(booking.deposit_minor, merchants.profile(session).currency), booking.hold_expires_at)


def has_deposit(session: Session, booking_id: UUID) -> bool:
    """Whether a hold will have to be paid for."""
    return bool(session.scalar(select(Booking.deposit_minor).where(Booking.id == booking_id)))
