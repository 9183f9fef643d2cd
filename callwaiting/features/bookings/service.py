"""Bookings: the next free slots, a short hold while one is read out, and its confirmation.

The exclusion constraint on (merchant, resource, unit, period) decides who gets a slot; this code only asks it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import repository
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.bookings.figures import per_day
from callwaiting.features.bookings.models import Booking, BookingResource
from callwaiting.features.bookings.resources import add_resource
from callwaiting.features.bookings.slots import Slot, spoken_time, upcoming
from callwaiting.features.bookings.transitions import Move, State, after
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages

__all__ = [
    "Slot",
    "add_resource",
    "attach_caller",
    "confirm",
    "end_expired_holds",
    "free_slots",
    "hold",
    "per_day",
    "release",
    "slot_of",
    "spoken_time",
    "takes_bookings",
    "tell",
]

HOLD = timedelta(minutes=3)


def takes_bookings(session: Session) -> bool:
    """Whether the merchant has anything that can be booked."""
    return session.scalar(select(BookingResource.id).limit(1)) is not None


def free_slots(session: Session, *, limit: int) -> list[Slot]:
    """The next slots of today and tomorrow that have a free unit, one for each starting time."""
    now, zone = clock.now(), merchants.profile(session).timezone
    resources = session.scalars(select(BookingResource).order_by(BookingResource.name, BookingResource.id)).all()
    candidates = sorted(
        (
            (slot, resource.units)
            for resource in resources
            for slot in upcoming(
                resource.id,
                opens=resource.opens,
                closes=resource.closes,
                slot_minutes=resource.slot_minutes,
                zone=zone,
                now=now,
            )
        ),
        key=lambda candidate: candidate[0].start,
    )
    if not candidates:
        return []
    taken = repository.taken(session, candidates[0][0].start, max(slot.end for slot, _ in candidates), now)
    free: dict[datetime, Slot] = {}
    for slot, units in candidates:
        if slot.start not in free and len(repository.units_taken(taken, slot)) < units:
            free[slot.start] = slot
            if len(free) == limit:
                break
    return list(free.values())


def hold(session: Session, slot: Slot, *, call_id: UUID | None, caller_id: UUID | None) -> UUID:
    """Hold a free unit of the slot for three minutes; returns the booking. Raises SlotTaken.

    Holds of the resource that have run out are ended first, in this same transaction.
    """
    now = clock.now()
    end_expired_holds(session, slot.resource_id, now)
    units = session.scalar(select(BookingResource.units).where(BookingResource.id == slot.resource_id)) or 0
    busy = repository.units_taken(repository.taken(session, slot.start, slot.end, now), slot)
    for unit in (unit for unit in range(1, units + 1) if unit not in busy):
        held: UUID | None = session.scalar(
            insert(Booking)
            .values(
                merchant_id=merchant_of(session),
                id=new_id(),
                resource_id=slot.resource_id,
                unit=unit,
                period=Range(slot.start, slot.end),
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
    """Confirm a held slot and plan the text that says so. Raises SlotTaken when the hold was ended.

    A hold past its time that nobody has ended still keeps others out, so it can be confirmed. Confirmed once more,
    it stays confirmed.
    """
    booking = repository.locked(session, booking_id)
    if booking is None or booking.state not in {State.HELD, State.CONFIRMED}:
        raise SlotTaken
    slot, state = slot_of(booking), after(booking.state, Move.CONFIRM)
    if state is not None:
        booking.state, booking.confirmed_at, booking.hold_expires_at = state, clock.now(), None
        booking.phone_number_id = phone_number_id
        audit.record(session, "booking.confirmed", subject=f"booking:{booking_id}")
        tell(session, booking, "confirmation", answers_live_call=answers_live_call)
    return slot


def tell(session: Session, booking: Booking, what: str, *, answers_live_call: bool = False) -> None:
    """Plan a text to the caller about a booking, in the wording of `booking_<what>`. Each version is told once."""
    if booking.caller_id is None or booking.phone_number_id is None:
        return
    profile, start = merchants.profile(session), slot_of(booking).start
    local = start.astimezone(profile.timezone)
    time = f"{spoken_time(start, profile.timezone, clock.now())} ({local:%a}, {local:%b} {local.day})"
    messages.plan_text(
        session,
        f"booking_{what}",
        {"time": time},
        caller_id=booking.caller_id,
        phone_number_id=booking.phone_number_id,
        message_key=f"booking:{booking.id}:v{booking.version}",
        answers_live_call=answers_live_call,
        subject_id=booking.id,
    )


def release(session: Session, booking_id: UUID) -> None:
    """Give up a hold; a booking that is no longer held stays as it is."""
    booking = repository.locked(session, booking_id)
    state = after(booking.state, Move.RELEASE) if booking else None
    if booking is not None and state is not None:
        booking.state = state
        session.flush()
        audit.record(session, "booking.released", subject=f"booking:{booking_id}")


def end_expired_holds(session: Session, resource_id: UUID, now: datetime) -> None:
    """End the holds of a resource whose time is up."""
    for booking in repository.expired_holds(session, resource_id, now):
        booking.state = after(booking.state, Move.EXPIRE) or booking.state
        audit.record(session, "booking.expired", subject=f"booking:{booking.id}")
    session.flush()


def slot_of(booking: Booking) -> Slot:
    """When and for what it is. Raises SlotTaken for a period without bounds, which nothing here makes."""
    if booking.period.lower is None or booking.period.upper is None:
        raise SlotTaken(f"{booking.id} has no bounds")
    return Slot(booking.resource_id, booking.period.lower, booking.period.upper)
