"""Bookings as the team makes, moves and cancels them at the desk."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import repository, service
from callwaiting.features.bookings.errors import BookingFixed, BookingNotFound, ResourceNotFound, SlotTaken
from callwaiting.features.bookings.models import Booking, BookingResource
from callwaiting.features.bookings.resources import resource
from callwaiting.features.bookings.slots import Slot, slots_of_day
from callwaiting.features.bookings.transitions import Move, after
from callwaiting.features.callers import service as callers
from callwaiting.features.callers.errors import CallerNotFound
from callwaiting.features.merchants import service as merchants
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.phone_numbers.errors import NumberNotFound

EXCLUDED = "23P01"  # SQLSTATE exclusion_violation


def book(session: Session, *, resource_id: UUID, start: datetime, caller_id: UUID, phone_number_id: UUID) -> UUID:
    """Book the slot that begins at `start` for a caller, and plan the text that says so; returns the booking.

    Raises ValidationFailed when one of them is not there or no slot begins then, SlotTaken.
    """
    slot = _slot_at(session, resource_id, start)
    try:
        callers.require(session, caller_id)
        phone_numbers.one(session, phone_number_id)
    except CallerNotFound as error:
        raise ValidationFailed(FieldError("caller_id", "There is no such caller.")) from error
    except NumberNotFound as error:
        raise ValidationFailed(FieldError("phone_number_id", "There is no such number.")) from error
    booking_id = service.hold(session, slot, call_id=None, caller_id=caller_id)
    service.confirm(session, booking_id, phone_number_id=phone_number_id, answers_live_call=False)
    return booking_id


def move(session: Session, booking_id: UUID, version: int, *, start: datetime, resource_id: UUID | None) -> None:
    """Move a booking to another slot, of the same resource unless another is named, and tell the caller.

    Raises BookingNotFound, PreconditionFailed, BookingFixed, ValidationFailed, SlotTaken.
    """
    booking = _changeable(session, booking_id, version, Move.MOVE)
    slot = _slot_at(session, resource_id or booking.resource_id, start)
    if (slot.resource_id, slot.start) == (booking.resource_id, booking.period.lower):
        raise ValidationFailed(FieldError("start", "Must be another time than now."))
    _take_unit(session, booking, slot)
    audit.record(session, "booking.moved", subject=f"booking:{booking_id}", details={"version": booking.version})
    service.tell(session, booking, "moved")


def cancel(session: Session, booking_id: UUID, version: int) -> None:
    """Cancel a booking that is still to come, and tell the caller. Its time is free again.

    Raises BookingNotFound, PreconditionFailed, BookingFixed.
    """
    booking = _changeable(session, booking_id, version, Move.CANCEL)
    booking.version += 1
    session.flush()
    audit.record(session, "booking.cancelled", subject=f"booking:{booking_id}")
    service.tell(session, booking, "cancelled")


def _changeable(session: Session, booking_id: UUID, version: int, move: Move) -> Booking:
    """The booking, locked and in the state that the move leads to."""
    booking = repository.locked(session, booking_id)
    if booking is None:
        raise BookingNotFound(str(booking_id))
    require_version(booking.version, version)
    state = after(booking.state, move)
    if state is None:
        raise BookingFixed(booking.state, message=f"This booking is {booking.state}.")
    if booking.period.lower is None or booking.period.lower <= clock.now():
        raise BookingFixed("begun", message="The time of this booking has come.")
    booking.state = state
    return booking


def _slot_at(session: Session, resource_id: UUID, start: datetime) -> Slot:
    """The slot to come of a resource that begins at `start`. Raises ValidationFailed."""
    try:
        row = resource(session, resource_id)
    except ResourceNotFound as error:
        raise ValidationFailed(FieldError("resource_id", "There is nothing like this to book.")) from error
    zone = merchants.profile(session).timezone
    day = slots_of_day(
        row.id,
        opens=row.opens,
        closes=row.closes,
        slot_minutes=row.slot_minutes,
        day=start.astimezone(zone).date(),
        zone=zone,
    )
    slot = next((slot for slot in day if slot.start == start), None)
    if slot is None:
        raise ValidationFailed(FieldError("start", "No slot begins then."))
    if slot.start <= clock.now():
        raise ValidationFailed(FieldError("start", "Must lie ahead."))
    return slot


def _take_unit(session: Session, booking: Booking, slot: Slot) -> None:
    """Give the booking a free unit of the slot. Raises SlotTaken.

    Moves to one resource go one after another: two rows that exclude each other would wait for each other for ever.
    """
    now = clock.now()
    units = session.scalars(
        select(BookingResource.units).where(BookingResource.id == slot.resource_id).with_for_update(key_share=True)
    ).one()
    service.end_expired_holds(session, slot.resource_id, now)
    busy = repository.units_taken(repository.taken(session, slot.start, slot.end, now), slot, apart_from=booking.id)
    for unit in (unit for unit in range(1, units + 1) if unit not in busy):
        try:
            with session.begin_nested():
                booking.resource_id, booking.unit, booking.period = slot.resource_id, unit, Range(slot.start, slot.end)
                booking.version += 1
        except IntegrityError as error:
            if getattr(error.orig, "pgcode", None) != EXCLUDED:
                raise
        else:
            return
    raise SlotTaken(message="This time is taken.")
