"""Reading calendars elsewhere: claim and commit, fetch and read, record. What was read last holds until then.

A call only ever meets what lies in the database, so that a slow calendar slows nobody. A booking that a caller was
promised stays, whatever a calendar says later: people decide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings.calendars import (
    COLLISION_ALERT,
    STALE_ALERT,
    CalendarNotFound,
    address_place,
    is_stale,
    locked,
)
from callwaiting.features.bookings.listing import END
from callwaiting.features.bookings.models import Booking, BookingBusy, BookingCalendar, BookingResource
from callwaiting.features.bookings.transitions import State
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants import service as merchants
from callwaiting.providers.ports import Calendar, Period

EVERY = timedelta(minutes=15)
LEASE = timedelta(minutes=2)
SLOWEST = timedelta(hours=2)  # between two attempts at a calendar that fails
AHEAD = timedelta(days=120)
SPREAD_EVERY = timedelta(hours=12)  # so often recurring entries are spread anew, though nothing has changed
BATCH = 100


@dataclass(frozen=True, slots=True)
class Due:
    merchant_id: UUID
    calendar_id: UUID


@dataclass(frozen=True, slots=True)
class Claim:
    """A calendar to be read: `version` tells whether its owner has changed it meanwhile."""

    id: UUID
    address: str
    etag: str
    digest: bytes | None
    zone: str
    version: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of it. `periods` is None when nothing has changed."""

    etag: str
    digest: bytes | None
    periods: Sequence[Period] | None


def due_calendars(session: Session) -> list[Due]:
    """Calendars of all merchants that are to be read now; for the service role."""
    rows = session.execute(
        select(BookingCalendar.merchant_id, BookingCalendar.id)
        .where(BookingCalendar.next_at <= clock.now())
        .order_by(BookingCalendar.next_at)
        .limit(BATCH)
    )
    return [Due(merchant_id, calendar_id) for merchant_id, calendar_id in rows]


def claim(session: Session, calendar_id: UUID) -> Claim | None:
    """Take it for two minutes; None when somebody else has, or it is gone."""
    now = clock.now()
    try:
        row = locked(session, calendar_id)
    except CalendarNotFound:
        return None
    if row.next_at is None or row.next_at > now:
        return None
    row.next_at = now + LEASE
    session.flush()
    fresh = row.spread_at is not None and row.spread_at > now - SPREAD_EVERY
    return Claim(
        row.id,
        keys.unseal(session, address_place(row.id), row.address_sealed).decode(),
        row.etag if fresh else "",
        row.digest if fresh else None,
        str(merchants.profile(session).timezone),
        row.version,
    )


def read(calendar: Calendar, claimed: Claim) -> Reading:
    """Ask for it and read it, without a database. Raises CalendarUnavailable, CalendarBroken."""
    answer = calendar.fetch(claimed.address, etag=claimed.etag)
    if answer.raw is None:
        return Reading(answer.etag, claimed.digest, None)
    digest = hashlib.sha256(answer.raw).digest()
    if digest == claimed.digest:
        return Reading(answer.etag, digest, None)
    now = clock.now()
    periods = calendar.read(answer.raw, since=now - timedelta(days=1), until=now + AHEAD, zone=claimed.zone)
    return Reading(answer.etag, digest, periods)


def record(session: Session, calendar_id: UUID, reading: Reading, *, version: int | None = None) -> None:
    """Keep what was read instead of what was kept. A calendar that its owner has changed meanwhile is read again."""
    try:
        resource_id = _resource_of(session, calendar_id)
        _lock(session, resource_id)
        row = locked(session, calendar_id)
    except CalendarNotFound:
        return
    if version is not None and row.version != version:
        return
    now = clock.now()
    row.etag, row.digest, row.read_at, row.failures, row.problem = reading.etag, reading.digest, now, 0, ""
    row.next_at = now + EVERY
    alerts.resolve_alert(session, STALE_ALERT, subject=f"booking_calendar:{calendar_id}")
    if reading.periods is not None:
        row.spread_at = now
        _replace(session, row, reading.periods)
        _tell_collisions(session, row)
    session.flush()


def fail(session: Session, claimed: Claim, error: CallwaitingError) -> None:
    """Keep what was read last, and try again later and later. After six hours without it, people are told."""
    try:
        row = locked(session, claimed.id)
    except CalendarNotFound:
        return
    if row.version != claimed.version:
        return
    now = clock.now()
    row.failures += 1
    row.problem = error.detail[:200]
    row.next_at = now + min(EVERY * 2 ** min(row.failures - 1, 10), SLOWEST)
    session.flush()
    if is_stale(row, now):
        alerts.raise_alert(
            session,
            STALE_ALERT,
            subject=f"booking_calendar:{row.id}",
            severity="high",
            summary="A calendar could not be read for hours: what it said last still holds.",
            details={"calendar": str(row.id), "problem": row.problem, "when_stale": row.when_stale},
        )


def _replace(session: Session, row: BookingCalendar, periods: Sequence[Period]) -> None:
    session.execute(delete(BookingBusy).where(BookingBusy.calendar_id == row.id))
    if periods:
        session.execute(
            insert(BookingBusy),
            [
                {
                    "merchant_id": row.merchant_id,
                    "id": new_id(),
                    "calendar_id": row.id,
                    "resource_id": row.resource_id,
                    "starts_at": period.start,
                    "ends_at": period.end,
                }
                for period in periods
            ],
        )
    audit.record(
        session, "booking_calendar.read", subject=f"booking_calendar:{row.id}", details={"periods": len(periods)}
    )


def _tell_collisions(session: Session, row: BookingCalendar) -> None:
    """An alert for each booking to come that the calendar has as busy."""
    meets = exists().where(
        BookingBusy.merchant_id == Booking.merchant_id,
        BookingBusy.calendar_id == row.id,
        BookingBusy.starts_at < END,
        BookingBusy.ends_at > Booking.starts_at,
    )
    hit = session.scalars(
        select(Booking.id)
        .where(
            Booking.resource_id == row.resource_id,
            Booking.state == State.CONFIRMED,
            Booking.starts_at > clock.now(),
            meets,
        )
        .order_by(Booking.starts_at)
        .limit(BATCH)
    )
    for booking_id in hit.all():
        alerts.raise_alert(
            session,
            COLLISION_ALERT,
            subject=f"booking:{booking_id}",
            severity="high",
            summary="A booking lies where a calendar elsewhere has its resource as busy. It stands.",
            details={"booking": str(booking_id), "calendar": str(row.id)},
        )


def _resource_of(session: Session, calendar_id: UUID) -> UUID:
    found = session.scalar(select(BookingCalendar.resource_id).where(BookingCalendar.id == calendar_id))
    if found is None:
        raise CalendarNotFound(str(calendar_id))
    return found


def _lock(session: Session, resource_id: UUID) -> None:
    """Nobody holds a slot of it meanwhile: a hold is before this reading, and told of, or after it. Before any other
    row, as everywhere."""
    session.execute(select(BookingResource.id).where(BookingResource.id == resource_id).with_for_update())
