"""Several services one right after the other, with one resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.bookings import offers
from callwaiting.features.bookings.availability import Free
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.bookings.holding import hold_slot
from callwaiting.features.bookings.slots import Slot
from callwaiting.features.merchants import service as merchants

LONGEST_WAIT = timedelta(minutes=30)  # between two of them: each begins on its service's own grid
Row = tuple[Slot, ...]


def free_rows(
    session: Session,
    services: Sequence[UUID],
    *,
    limit: int,
    resource_id: UUID | None = None,
    first: date | None = None,
    last: date | None = None,
) -> list[Row]:
    """The next times from which these services are free in this order, one row for each, with a slot of each service.

    Days as for `free_slots`. Nothing is held by it. Raises ServiceNotFound.
    """
    now, zone = clock.now(), merchants.profile(session).timezone
    days = offers.span(first, last, now.astimezone(zone).date())
    free: list[dict[UUID, list[Free]]] = []
    for service_id in services:
        times: dict[UUID, list[Free]] = {}
        for day in offers.days_of(session, *days, now, zone, service_id=service_id, resource_id=resource_id):
            times.setdefault(day.resource_id, []).extend(time for time in day.times if time.units)
        free.append(times)
    gaps = _gaps(session, services)
    found: dict[datetime, Row] = {}
    for resource in free[0]:
        for row in _rows([times.get(resource, []) for times in free], gaps):
            slots = zip(row, services, strict=True)
            found.setdefault(row[0].start, tuple(Slot(resource, time.start, time.end, each) for time, each in slots))
    return [found[start] for start in sorted(found)[:limit]]


def hold_row(
    session: Session, slot: Slot, then: Sequence[UUID], *, call_id: UUID | None, caller_id: UUID | None
) -> Mapping[UUID, Slot]:
    """Hold the slot, and behind it the services that follow; the bookings with their slots, in order.

    Raises SlotTaken, with nothing held, when one of them cannot be had so.
    """
    if slot.service_id is None:
        raise SlotTaken("no service")
    day = slot.start.astimezone(merchants.profile(session).timezone).date()
    rows = free_rows(
        session, (slot.service_id, *then), limit=offers.MOST_A_DAY, resource_id=slot.resource_id, first=day
    )
    row = next((row for row in rows if row[0] == slot), None)
    if row is None:
        raise SlotTaken(f"no row at {slot.start}", message="This time is taken.")
    with session.begin_nested():
        return {hold_slot(session, each, call_id=call_id, caller_id=caller_id): each for each in row}


def _rows(free: Sequence[Sequence[Free]], gaps: Sequence[timedelta]) -> Iterator[tuple[Free, ...]]:
    """Each time of the first with the earliest times of the others behind it."""
    for begin in free[0]:
        row = [begin]
        for times, gap in zip(free[1:], gaps, strict=True):
            earliest = row[-1].end + gap
            following = next((time for time in times if earliest <= time.start <= earliest + LONGEST_WAIT), None)
            if following is None:
                break
            row.append(following)
        else:
            yield tuple(row)


def _gaps(session: Session, services: Sequence[UUID]) -> list[timedelta]:
    """What must lie between each service and the next: the buffer behind the one and before the other."""
    rows = [offers.offered(session, service_id) for service_id in services]
    return [timedelta(minutes=one.buffer_after + other.buffer_before) for one, other in pairwise(rows)]
