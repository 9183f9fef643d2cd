"""Bookings as the team makes, moves and cancels them at the desk: what is wrong is said by field."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.features.bookings import changes, deposits, holding, mailing, offers
from callwaiting.features.bookings.errors import BookingNotFound, ResourceNotFound, ServiceNotFound
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.resources import resource
from callwaiting.features.bookings.slots import Slot
from callwaiting.features.callers import service as callers
from callwaiting.features.callers.errors import CallerNotFound
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.phone_numbers.errors import NumberNotFound


def book(
    session: Session,
    *,
    resource_id: UUID,
    start: datetime,
    caller_id: UUID,
    phone_number_id: UUID,
    service_id: UUID | None = None,
    email: str | None = None,
    deposit: Literal["ask", "waive"] = "ask",
) -> UUID:
    """Book the slot that begins at `start` for a caller, and plan the text that says so; returns the booking. With an
    `email` its calendar entry goes there, and each change of it. A deposit of the service is asked for, unless the team
    waives it.

    Raises ValidationFailed when one of them is not there or no slot begins then, SlotTaken.
    """
    slot = _slot_at(session, resource_id, service_id, start)
    try:
        callers.require(session, caller_id)
        phone_numbers.one(session, phone_number_id)
    except CallerNotFound as error:
        raise ValidationFailed(FieldError("caller_id", "There is no such caller.")) from error
    except NumberNotFound as error:
        raise ValidationFailed(FieldError("phone_number_id", "There is no such number.")) from error
    booking_id = holding.hold_slot(session, slot, call_id=None, caller_id=caller_id)
    if deposit == "waive":
        deposits.waive(session, booking_id)
    holding.confirm(session, booking_id, phone_number_id=phone_number_id, answers_live_call=False)
    if email is not None:
        mailing.give_address(session, booking_id, email)
    return booking_id


def move(session: Session, booking_id: UUID, version: int, *, start: datetime, resource_id: UUID | None) -> None:
    """Move a booking to another slot, of the same resource unless another is named, and tell the caller.

    Raises BookingNotFound, PreconditionFailed, BookingFixed, ValidationFailed, SlotTaken.
    """
    booking = session.scalar(select(Booking).where(Booking.id == booking_id))
    if booking is None:
        raise BookingNotFound(str(booking_id))
    if (resource_id or booking.resource_id, start) == (booking.resource_id, booking.starts_at):
        raise ValidationFailed(FieldError("start", "Must be another time than now."))
    if booking.starts_at > clock.now() and booking.state == "confirmed" and booking.version == version:
        slot = _slot_at(session, resource_id or booking.resource_id, booking.service_id, start)
    else:  # the move says why it cannot be
        slot = Slot(booking.resource_id, start, start, booking.service_id)
    changes.move(session, booking_id, slot, version=version, by="team")


def _slot_at(session: Session, resource_id: UUID, service_id: UUID | None, start: datetime) -> Slot:
    """The slot to come of a resource that begins at `start`. Raises ValidationFailed."""
    try:
        row = resource(session, resource_id)
        service = None if service_id is None else offers.offered(session, service_id)
    except ResourceNotFound as error:
        raise ValidationFailed(FieldError("resource_id", "There is nothing like this to book.")) from error
    except ServiceNotFound as error:
        raise ValidationFailed(FieldError("service_id", "There is no such service at present.")) from error
    slot = Slot(row.id, start, offers.terms_of(row, service).end(start), service_id)
    if not offers.is_offered(session, slot):
        raise ValidationFailed(FieldError("start", "No slot begins then."))
    if start <= clock.now():
        raise ValidationFailed(FieldError("start", "Must lie ahead."))
    return slot
