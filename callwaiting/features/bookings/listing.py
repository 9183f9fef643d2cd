"""Bookings as the team reads them, by the time at which they begin, and the free slots of a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import DateTime, Row, Select, func, select, tuple_
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.bookings import offers
from callwaiting.features.bookings.errors import BookingNotFound
from callwaiting.features.bookings.models import Booking, BookingResource, BookingService
from callwaiting.features.bookings.resources import resource
from callwaiting.features.bookings.transitions import State
from callwaiting.features.merchants import service as merchants

END = func.upper(Booking.period, type_=DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class Entry:
    """A booking with the name of what is booked."""

    id: UUID
    resource_id: UUID
    resource: str
    service_id: UUID | None
    service: str | None
    unit: int
    party_size: int | None
    start: datetime
    end: datetime
    state: str
    hold_expires_at: datetime | None
    caller_id: UUID | None
    call_id: UUID | None
    created_at: datetime
    confirmed_at: datetime | None
    acknowledged_at: datetime | None
    changed_at: datetime
    phone_number_id: UUID | None
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


def to_come(
    session: Session,
    caller_id: UUID,
    *,
    day: date | None = None,
    service_id: UUID | None = None,
    limit: int = 5,
    unpaid: bool = False,
) -> list[Entry]:
    """A caller's confirmed bookings that have not begun, the next one first; those of a local day or of a service, or
    all. With `unpaid` also those that wait for their deposit."""
    states = [State.CONFIRMED, State.AWAITING_DEPOSIT] if unpaid else [State.CONFIRMED]
    query = _entries().where(Booking.caller_id == caller_id, Booking.state.in_(states), Booking.starts_at > clock.now())
    if day is not None:
        query = query.where(merchants.days(session, day, day).contain(Booking.starts_at))
    if service_id is not None:
        query = query.where(Booking.service_id == service_id)
    return [_entry(row) for row in session.execute(query.order_by(Booking.starts_at, Booking.id).limit(limit))]


def between(session: Session, since: datetime, until: datetime, *, resource_id: UUID | None, limit: int) -> list[Entry]:
    """What was booked and begins within the window, the cancelled too, in order; the first `limit` of them."""
    query = _entries().where(Booking.starts_at >= since, Booking.starts_at < until, Booking.confirmed_at.is_not(None))
    if resource_id is not None:
        query = query.where(Booking.resource_id == resource_id)
    return [_entry(row) for row in session.execute(query.order_by(Booking.starts_at, Booking.id).limit(limit))]


def free_slots_of(session: Session, resource_id: UUID, day: date, service_id: UUID | None = None) -> Sequence[FreeSlot]:
    """The slots to come of a resource on a day. Raises ResourceNotFound, ServiceNotFound."""
    found, now, zone = resource(session, resource_id), clock.now(), merchants.profile(session).timezone
    days = offers.days_of(session, day, day, now, zone, service_id=service_id, resource_id=found.id)
    return [FreeSlot(free.start, free.end, len(free.units)) for day_of in days for free in day_of.times]


def _entries() -> Select[Booking, str, str | None, datetime]:
    of_resource = (BookingResource.merchant_id == Booking.merchant_id) & (BookingResource.id == Booking.resource_id)
    of_service = (BookingService.merchant_id == Booking.merchant_id) & (BookingService.id == Booking.service_id)
    query = select(Booking, BookingResource.name, BookingService.name, END)
    return query.join(BookingResource, of_resource).outerjoin(BookingService, of_service)


def _entry(row: Row[Booking, str, str | None, datetime]) -> Entry:
    booking, resource_name, service_name, end = row
    return Entry(
        id=booking.id,
        resource_id=booking.resource_id,
        resource=resource_name,
        service_id=booking.service_id,
        service=service_name,
        unit=booking.unit,
        party_size=booking.party_size,
        start=booking.starts_at,
        end=end,
        state=booking.state,
        hold_expires_at=booking.hold_expires_at,
        caller_id=booking.caller_id,
        call_id=booking.call_id,
        created_at=booking.created_at,
        confirmed_at=booking.confirmed_at,
        acknowledged_at=booking.acknowledged_at,
        changed_at=booking.changed_at,
        phone_number_id=booking.phone_number_id,
        version=booking.version,
    )
