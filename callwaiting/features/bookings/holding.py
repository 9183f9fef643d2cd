"""A short hold while a slot is read out, and its confirmation.

The exclusion constraint on (merchant, resource, unit, occupied time) decides who gets a slot; this code only asks it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import deposits, offers, repository, rules
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.bookings.events import BookingConfirmed
from callwaiting.features.bookings.mailing import mail_entry
from callwaiting.features.bookings.models import Booking, BookingService
from callwaiting.features.bookings.slots import Slot
from callwaiting.features.bookings.telling import tell
from callwaiting.features.bookings.transitions import Move, State, after

HOLD = timedelta(minutes=3)


def hold_slot(
    session: Session, slot: Slot, *, call_id: UUID | None, caller_id: UUID | None, party: int | None = None
) -> UUID:
    """Hold a free unit of the slot for three minutes; returns the booking.

    `party`: how many people come.

    Raises SlotTaken when somebody else has it, or when it is not offered any more: the business may have closed since.
    Holds of the resource that have run out are ended first, in this same transaction.
    """
    now = clock.now()
    terms, units = offers.units_of(
        session, slot, now=now, party=party
    )  # locks the resource before any booking, as all do
    end_expired_holds(session, slot.resource_id, now)
    occupied = terms.occupied(slot.start)
    price, deposit = _price_of(session, slot.service_id)
    for unit in units:
        held: UUID | None = session.scalar(
            insert(Booking)
            .values(
                merchant_id=merchant_of(session),
                id=new_id(),
                resource_id=slot.resource_id,
                service_id=slot.service_id,
                price_minor=price,
                deposit_minor=deposit,
                unit=unit,
                party_size=party,
                period=Range(slot.start, slot.end),
                occupied=Range(occupied.start, occupied.end),
                state=State.HELD,
                caller_id=caller_id,
                call_id=call_id,
                hold_expires_at=now + HOLD,
            )
            .on_conflict_do_nothing()  # covers the exclusion constraint: another's hold leaves no row behind
            .returning(Booking.id)
        )
        if held is not None:
            audit.record(session, "booking.held", subject=f"booking:{held}")
            return held
    raise SlotTaken(message="This time is taken.")


def attach_caller(session: Session, booking_id: UUID, caller_id: UUID) -> None:
    """Say who holds the slot, once an anonymous caller has given a number."""
    session.execute(update(Booking).where(Booking.id == booking_id).values(caller_id=caller_id))


def confirm(session: Session, booking_id: UUID, *, phone_number_id: UUID, answers_live_call: bool = True) -> Slot:
    """Confirm a held slot and plan the text that says so; or, where its service has a deposit, keep it until that has
    come (`deposits`). Raises SlotTaken when the hold was ended.

    A hold past its time that nobody has ended still keeps others out, so it can be confirmed. Confirmed once more,
    it stays confirmed.
    """
    booking = repository.locked(session, booking_id)
    if booking is None or booking.state not in {State.HELD, State.AWAITING_DEPOSIT, State.CONFIRMED}:
        raise SlotTaken
    if booking.state == State.HELD:
        booking.phone_number_id, booking.changed_at = phone_number_id, clock.now()
        if booking.deposit_minor:
            deposits.ask(session, booking, answers_live_call=answers_live_call)
        else:
            settle(session, booking, answers_live_call=answers_live_call)
    return slot_of(booking)


def settle(session: Session, booking: Booking, *, answers_live_call: bool) -> None:
    """Confirm a locked booking, whose deposit, if it has one, has come."""
    slot, state = slot_of(booking), after(booking.state, Move.CONFIRM)
    if state is None:
        return
    booking.state, booking.confirmed_at, booking.hold_expires_at = state, clock.now(), None
    booking.changed_at = clock.now()
    rules.plan_reminder(session, booking)
    audit.record(session, "booking.confirmed", subject=f"booking:{booking.id}")
    tell(session, booking, "confirmation", answers_live_call=answers_live_call)
    mail_entry(session, booking)
    publish(session, BookingConfirmed(booking.id, slot.resource_id, slot.start, slot.end))


def release(session: Session, booking_id: UUID) -> None:
    """Give up a hold; a booking that is no longer held stays as it is."""
    booking = repository.locked(session, booking_id)
    state = after(booking.state, Move.RELEASE) if booking else None
    if booking is not None and state is not None:
        booking.state = state
        session.flush()
        audit.record(session, "booking.released", subject=f"booking:{booking_id}")


def release_of_call(session: Session, call_id: UUID) -> None:
    """Give up what a call that is over still holds: whoever hung up before the yes keeps no time from others."""
    for booking_id in repository.held_by_call(session, call_id, clock.now()):
        release(session, booking_id)


def end_expired_holds(session: Session, resource_id: UUID, now: datetime) -> None:
    """End the holds of a resource whose time is up."""
    for booking in repository.expired_holds(session, resource_id, now):
        booking.state = after(booking.state, Move.EXPIRE) or booking.state
        audit.record(session, "booking.expired", subject=f"booking:{booking.id}")
    session.flush()


def _price_of(session: Session, service_id: UUID | None) -> tuple[int, int]:
    """Price and deposit of a service as they are now, or nothing."""
    if service_id is None:
        return 0, 0
    of_service = BookingService.id == service_id
    price, deposit = session.execute(
        select(BookingService.price_minor, BookingService.deposit_minor).where(of_service)
    ).one()
    return price, deposit


def slot_of(booking: Booking) -> Slot:
    """When and for what it is. Raises SlotTaken for a period without bounds, which nothing here makes."""
    if booking.period.lower is None or booking.period.upper is None:
        raise SlotTaken(f"{booking.id} has no bounds")
    return Slot(booking.resource_id, booking.period.lower, booking.period.upper, booking.service_id)
