"""The times that can be offered, by what the database says now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.bookings import repository
from callwaiting.features.bookings.availability import Free, Hours, Terms, free_times, free_units, starts
from callwaiting.features.bookings.errors import ServiceNotFound, SlotTaken
from callwaiting.features.bookings.hours import hours_of
from callwaiting.features.bookings.models import BookingResource, BookingService, BookingServiceResource
from callwaiting.features.bookings.slots import Slot
from callwaiting.features.merchants import service as merchants

MOST_DAYS = 31
MOST_A_DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Day:
    """The times to come of one resource on a local day."""

    resource_id: UUID
    times: tuple[Free, ...]


def takes_bookings(session: Session) -> bool:
    """Whether the merchant has anything that can be booked."""
    return session.scalar(select(BookingResource.id).limit(1)) is not None


def free_slots(
    session: Session,
    *,
    limit: int,
    service_id: UUID | None = None,
    resource_id: UUID | None = None,
    first: date | None = None,
    last: date | None = None,
    party: int | None = None,
) -> list[Slot]:
    """The next slots that have a free unit, one for each starting time, in order.

    Of a service: with the resources that can do it, for its length and buffers; without one: the plain slots of each
    resource. For a `party`: with the smallest that has seats for so many. From the local day `first` (else today) to
    `last` (else `first`, or tomorrow), 31 days at most. Nothing is held by it. Raises ServiceNotFound, also for a
    service that is not offered at present.
    """
    now, zone = clock.now(), merchants.profile(session).timezone
    first, last = span(first, last, now.astimezone(zone).date())
    found: dict[datetime, Slot] = {}
    for day in days_of(session, first, last, now, zone, service_id=service_id, resource_id=resource_id, party=party):
        for free in day.times:
            if free.units and free.start not in found:
                found[free.start] = Slot(day.resource_id, free.start, free.end, service_id)
    return [found[start] for start in sorted(found)[:limit]]


def span(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """The days that are looked at: from `first` (else today) to `last` (else `first`, or tomorrow), 31 at most."""
    last = last or first or today + timedelta(days=1)
    first = max(first or today, today)
    return first, min(last, first + timedelta(days=MOST_DAYS - 1))


def days_of(
    session: Session,
    first: date,
    last: date,
    now: datetime,
    zone: ZoneInfo,
    *,
    service_id: UUID | None = None,
    resource_id: UUID | None = None,
    party: int | None = None,
) -> Iterator[Day]:
    """The times of each resource by its name, day by day. Raises ServiceNotFound."""
    service = None if service_id is None else offered(session, service_id)
    resources = _resources(session, service_id, resource_id, party)
    if not resources or last < first:
        return
    hours = hours_of(session, resources, first, last)
    margin = timedelta(days=1)  # any zone's day lies within these
    begin = datetime.combine(first, datetime.min.time(), zone) - margin
    end = datetime.combine(last, datetime.min.time(), zone) + 2 * margin
    busy = repository.busy(session, begin, end, now)
    for resource in resources:
        terms = terms_of(resource, service)
        for number in range((last - first).days + 1):
            times = free_times(
                hours[resource.id],
                terms,
                units=resource.units,
                busy=busy.get(resource.id, ()),
                day=first + timedelta(days=number),
                now=now,
                zone=zone,
            )
            yield Day(resource.id, tuple(times))


def is_on_offer(session: Session, service_id: UUID) -> bool:
    """Whether a service is offered at present."""
    return session.scalar(select(BookingService.active).where(BookingService.id == service_id)) or False


def offered(session: Session, service_id: UUID) -> BookingService:
    """A service that is offered at present. Raises ServiceNotFound."""
    row = session.scalar(select(BookingService).where(BookingService.id == service_id, BookingService.active))
    if row is None:
        raise ServiceNotFound(str(service_id))
    return row


def terms_of(resource: BookingResource, service: BookingService | None) -> Terms:
    if service is None:
        return Terms(resource.slot_minutes, resource.slot_minutes)
    return Terms(
        service.minutes,
        service.step_minutes,
        before=service.buffer_before,
        after=service.buffer_after,
        capacity=service.capacity,
    )


def units_of(
    session: Session, slot: Slot, *, now: datetime, apart_from: UUID | None = None, party: int | None = None
) -> tuple[Terms, tuple[int, ...]]:
    """What the slot takes, and the units that are free for it and a party, the booking `apart_from` left aside.

    Its resource stays as it is, and open, until the transaction ends: a day is closed under the stronger lock.
    Raises SlotTaken when no such slot is offered (any more).
    """
    query = select(BookingResource).where(BookingResource.id == slot.resource_id)
    resource = session.scalar(query.with_for_update(read=True, key_share=True))
    if resource is None:
        raise SlotTaken(f"no resource {slot.resource_id}", message="This time is not offered any more.")
    if party is not None and resource.seats is not None and resource.seats < party:
        raise SlotTaken(f"seats {resource.seats}", message="This is too small for so many people.")
    service = None
    if slot.service_id is not None:
        try:
            service = offered(session, slot.service_id)
        except ServiceNotFound as error:
            raise SlotTaken(error.detail, message="This time is not offered any more.") from error
    terms = terms_of(resource, service)
    if slot.end != terms.end(slot.start) or not _is_open(session, resource, terms, slot):
        raise SlotTaken(f"no slot at {slot.start}", message="This time is not offered any more.")
    occupied = terms.occupied(slot.start)
    busy = repository.busy(session, occupied.start, occupied.end, now, apart_from=apart_from)
    return terms, free_units(terms, slot.start, units=resource.units, busy=busy.get(resource.id, ()))


def is_offered(session: Session, slot: Slot) -> bool:
    """Whether such a slot exists, taken or not. Its resource and service have to be there."""
    resource = session.scalars(select(BookingResource).where(BookingResource.id == slot.resource_id)).one()
    service = None if slot.service_id is None else offered(session, slot.service_id)
    return _is_open(session, resource, terms_of(resource, service), slot)


def _is_open(session: Session, resource: BookingResource, terms: Terms, slot: Slot) -> bool:
    zone = merchants.profile(session).timezone
    day = slot.start.astimezone(zone).date()
    hours: Hours = hours_of(session, [resource], day, day)[resource.id]
    return slot.start in starts(hours, terms, day, zone) and _does(session, resource.id, slot.service_id)


def _does(session: Session, resource_id: UUID, service_id: UUID | None) -> bool:
    query = select(BookingServiceResource.id).where(
        BookingServiceResource.service_id == service_id, BookingServiceResource.resource_id == resource_id
    )
    return service_id is None or session.scalar(query) is not None


def _resources(
    session: Session, service_id: UUID | None, resource_id: UUID | None, party: int | None
) -> Sequence[BookingResource]:
    query = select(BookingResource).order_by(BookingResource.name, BookingResource.id)
    if party is not None:
        query = query.order_by(None).order_by(BookingResource.seats, BookingResource.name, BookingResource.id)
        query = query.where(BookingResource.seats.is_(None) | (BookingResource.seats >= party))
    if resource_id is not None:
        query = query.where(BookingResource.id == resource_id)
    if service_id is not None:
        able = select(BookingServiceResource.resource_id).where(BookingServiceResource.service_id == service_id)
        query = query.where(BookingResource.id.in_(able))
    return session.scalars(query).all()
