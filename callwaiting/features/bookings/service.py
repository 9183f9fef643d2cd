"""Bookings: the next free slots, a short hold while one is read out, and its confirmation.

The exclusion constraint on (merchant, resource, unit, period) decides who gets a slot; this code only asks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import Range, insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings.errors import ResourceInvalid, SlotTaken
from callwaiting.features.bookings.models import Booking, BookingResource
from callwaiting.features.bookings.slots import Slot, spoken_time, upcoming
from callwaiting.features.bookings.transitions import Move, State, after
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages

__all__ = [
    "Slot",
    "add_resource",
    "attach_caller",
    "confirm",
    "free_slots",
    "hold",
    "release",
    "spoken_time",
    "takes_bookings",
]

HOLD = timedelta(minutes=3)


def add_resource(session: Session, *, name: str, opens: time, closes: time, slot_minutes: int, units: int = 1) -> UUID:
    """Add something that can be booked in slots between two local times of a day. Raises ResourceInvalid."""
    wrong = []
    if not 1 <= len(name.strip()) <= 60 or not name.isprintable():
        wrong.append(FieldError("name", "must be 1 to 60 printable characters"))
    if opens >= closes:
        wrong.append(FieldError("closes", "must be later than `opens`"))
    if not 5 <= slot_minutes <= 480:
        wrong.append(FieldError("slot_minutes", "must be between 5 and 480"))
    if not 1 <= units <= 100:
        wrong.append(FieldError("units", "must be between 1 and 100"))
    if wrong:
        raise ResourceInvalid(fields=wrong)
    row = BookingResource(
        merchant_id=merchant_of(session),
        name=name.strip(),
        opens=opens,
        closes=closes,
        slot_minutes=slot_minutes,
        units=units,
    )
    session.add(row)
    session.flush()
    audit.record(session, "booking_resource.added", subject=f"booking_resource:{row.id}")
    return row.id


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
    taken = _taken(session, candidates[0][0].start, max(slot.end for slot, _ in candidates), now)
    free: dict[datetime, Slot] = {}
    for slot, units in candidates:
        if slot.start not in free and len(_units_taken(taken, slot)) < units:
            free[slot.start] = slot
            if len(free) == limit:
                break
    return list(free.values())


def hold(session: Session, slot: Slot, *, call_id: UUID, caller_id: UUID | None) -> UUID:
    """Hold a free unit of the slot for three minutes; returns the booking. Raises SlotTaken.

    Holds of the resource that have run out are ended first, in this same transaction.
    """
    now = clock.now()
    _end_expired_holds(session, slot.resource_id, now)
    units = session.scalar(select(BookingResource.units).where(BookingResource.id == slot.resource_id)) or 0
    busy = _units_taken(_taken(session, slot.start, slot.end, now), slot)
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
    raise SlotTaken


def attach_caller(session: Session, booking_id: UUID, caller_id: UUID) -> None:
    """Say who holds the slot, once an anonymous caller has given a number."""
    session.execute(update(Booking).where(Booking.id == booking_id).values(caller_id=caller_id))


def confirm(session: Session, booking_id: UUID, *, phone_number_id: UUID) -> Slot:
    """Confirm a held slot and plan the text that says so. Raises SlotTaken when the hold was ended.

    A hold past its time that nobody has ended still keeps others out, so it can be confirmed. Confirmed once more,
    it stays confirmed.
    """
    booking = _locked(session, booking_id)
    if booking is None or booking.state not in {State.HELD, State.CONFIRMED}:
        raise SlotTaken
    slot, state = _slot(booking), after(booking.state, Move.CONFIRM)
    if state is not None:
        now = clock.now()
        booking.state, booking.confirmed_at, booking.hold_expires_at = state, now, None
        audit.record(session, "booking.confirmed", subject=f"booking:{booking_id}")
        if booking.caller_id is not None:
            profile = merchants.profile(session)
            local = slot.start.astimezone(profile.timezone)
            messages.plan_message(
                session,
                caller_id=booking.caller_id,
                phone_number_id=phone_number_id,
                kind="booking_confirmation",
                message_key=f"booking:{booking_id}",
                body=(
                    f"{profile.name}: you are booked {spoken_time(slot.start, profile.timezone, now)}"
                    f" ({local:%a}, {local:%b} {local.day}). Reply STOP to opt out."
                ),
                answers_live_call=True,
            )
    return slot


def release(session: Session, booking_id: UUID) -> None:
    """Give up a hold; a booking that is no longer held stays as it is."""
    booking = _locked(session, booking_id)
    state = after(booking.state, Move.RELEASE) if booking else None
    if booking is not None and state is not None:
        booking.state = state
        session.flush()
        audit.record(session, "booking.released", subject=f"booking:{booking_id}")


def _end_expired_holds(session: Session, resource_id: UUID, now: datetime) -> None:
    expired = session.scalars(
        select(Booking)
        .where(Booking.resource_id == resource_id, Booking.state == State.HELD, Booking.hold_expires_at <= now)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for booking in expired:
        booking.state = after(booking.state, Move.EXPIRE) or booking.state
        audit.record(session, "booking.expired", subject=f"booking:{booking.id}")
    session.flush()


def _locked(session: Session, booking_id: UUID) -> Booking | None:
    return session.scalar(
        select(Booking).where(Booking.id == booking_id).with_for_update().execution_options(populate_existing=True)
    )


def _taken(session: Session, start: datetime, end: datetime, now: datetime) -> Sequence[Booking]:
    """What keeps units busy between two instants: confirmed bookings, and holds that have not run out."""
    return session.scalars(
        select(Booking)
        .where(
            Booking.period.overlaps(Range(start, end)),
            or_(
                Booking.state == State.CONFIRMED,
                and_(Booking.state == State.HELD, func.coalesce(Booking.hold_expires_at, now) > now),
            ),
        )
        .execution_options(populate_existing=True)
    ).all()


def _units_taken(taken: Sequence[Booking], slot: Slot) -> set[int]:
    period = Range(slot.start, slot.end)
    return {row.unit for row in taken if row.resource_id == slot.resource_id and row.period.overlaps(period)}


def _slot(booking: Booking) -> Slot:
    if booking.period.lower is None or booking.period.upper is None:
        raise SlotTaken(f"{booking.id} has no bounds")
    return Slot(booking.resource_id, booking.period.lower, booking.period.upper)
