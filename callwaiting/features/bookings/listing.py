"""Bookings as the team reads them, by the time at which they begin, and the free slots of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, Row, Select, func, select, tuple_
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.bookings import repository
from callwaiting.features.bookings.errors import BookingNotFound
from callwaiting.features.bookings.models import Booking, BookingResource
from callwaiting.features.bookings.resources import resource
from callwaiting.features.bookings.slots import slots_of_day
from callwaiting.features.bookings.transitions import State
from callwaiting.features.merchants import service as merchants

END = func.upper(Booking.period, type_=DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking with the name of what is booked."""

    id: UUID
    resource_id: UUID
    resource: str
    unit: int
    start: datetime
    end: datetime
    state: str
    caller_id: UUID | None
    call_id: UUID | None
    created_at: datetime
    confirmed_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """A slot to come, with the number of its units that are free."""

    start: datetime
    end: datetime
    free: int


def by_start(
    session: Session,
    *,
    day: date | None,
    state: State | None,
    resource_id: UUID | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Entry]:
    """Bookings in the order in which they begin; those after the given one. They begin on `day`, by the merchant's own
    clock, or without one from now on."""
    query = _entries().order_by(Booking.starts_at, Booking.id).limit(limit)
    if day is None:
        query = query.where(Booking.starts_at >= clock.now())
    else:
        query = query.where(merchants.days(session, day, day).contain(Booking.starts_at))
    if state is not None:
        query = query.where(Booking.state == state)
    if resource_id is not None:
        query = query.where(Booking.resource_id == resource_id)
    if after is not None:
        query = query.where(tuple_(Booking.starts_at, Booking.id) > after)
    return [_entry(row) for row in session.execute(query)]


def one(session: Session, booking_id: UUID) -> Entry:
    """Raises BookingNotFound."""
    query = _entries().where(Booking.id == booking_id).execution_options(populate_existing=True)
    row = session.execute(query).one_or_none()
    if row is None:
        raise BookingNotFound(str(booking_id))
    return _entry(row)


def free_slots_of(session: Session, resource_id: UUID, day: date) -> Sequence[FreeSlot]:
    """The slots to come of a resource on a day. Raises ResourceNotFound."""
    row = resource(session, resource_id)
    now, zone = clock.now(), merchants.profile(session).timezone
    of_day = slots_of_day(row.id, opens=row.opens, closes=row.closes, slot_minutes=row.slot_minutes, day=day, zone=zone)
    slots = [slot for slot in of_day if slot.start > now]
    if not slots:
        return []
    taken = repository.taken(session, slots[0].start, slots[-1].end, now)
    units = range(1, row.units + 1)
    return [FreeSlot(slot.start, slot.end, len(set(units) - repository.units_taken(taken, slot))) for slot in slots]


def _entries() -> Select[Booking, str, datetime]:
    return select(Booking, BookingResource.name, END).join(
        BookingResource,
        (BookingResource.merchant_id == Booking.merchant_id) & (BookingResource.id == Booking.resource_id),
    )


def _entry(row: Row[Booking, str, datetime]) -> Entry:
    booking, resource_name, end = row
    return Entry(
        id=booking.id,
        resource_id=booking.resource_id,
        resource=resource_name,
        unit=booking.unit,
        start=booking.starts_at,
        end=end,
        state=booking.state,
        caller_id=booking.caller_id,
        call_id=booking.call_id,
        created_at=booking.created_at,
        confirmed_at=booking.confirmed_at,
        version=booking.version,
    )
