"""Calendars elsewhere that say when a resource is busy, as their merchant sets them up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import Conflict, FieldError, NotFound, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.jobs import Job, ring
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings.models import BookingBusy, BookingCalendar, BookingResource
from callwaiting.features.bookings.repository import STALE_AFTER
from callwaiting.features.keys import service as keys
from callwaiting.providers.ics import https
from callwaiting.providers.outside import AddressRefused, Sender

MAX_CALENDARS = 50
STALE_ALERT, COLLISION_ALERT = "bookings.calendar_stale", "bookings.calendar_collision"
WhenStale = Literal["offer", "hold_back"]


class CalendarNotFound(NotFound):
    reason = "bookings.calendar_not_found"


class TooManyCalendars(Conflict):
    reason = "bookings.too_many_calendars"


@dataclass(frozen=True, slots=True)
class Shown:
    """A calendar without its address, of which only the host is shown. `busy` counts its periods to come."""

    id: UUID
    name: str
    resource_id: UUID
    host: str
    when_stale: WhenStale
    read_at: datetime | None
    stale: bool
    problem: str
    busy: int
    version: int
    created_at: datetime


def add(session: Session, *, name: str, resource_id: UUID, address: str, when_stale: WhenStale = "offer") -> UUID:
    """Have a resource's busy times read from an address, soon and from then on.

    Raises ValidationFailed, TooManyCalendars.
    """
    if session.scalar(select(BookingResource.id).where(BookingResource.id == resource_id)) is None:
        raise ValidationFailed(FieldError("resource_id", "There is nothing like this to book."))
    if (session.scalar(select(func.count()).select_from(BookingCalendar)) or 0) >= MAX_CALENDARS:
        raise TooManyCalendars(message=f"There are {MAX_CALENDARS} calendars already.")
    row = BookingCalendar(
        merchant_id=merchant_of(session), id=new_id(), name=name, resource_id=resource_id, when_stale=when_stale
    )
    _point(session, row, address)
    session.add(row)
    session.flush()
    audit.record(session, "booking_calendar.added", subject=f"booking_calendar:{row.id}")
    return row.id


def change(
    session: Session, calendar_id: UUID, version: int, *, name: str, address: str | None, when_stale: WhenStale
) -> None:
    """Change a calendar; without an address it keeps its own. Raises CalendarNotFound, PreconditionFailed,
    ValidationFailed."""
    row = locked(session, calendar_id)
    require_version(row.version, version)
    row.name, row.when_stale, row.version = name, when_stale, version + 1
    if address is not None:
        _point(session, row, address)
    session.flush()
    audit.record(session, "booking_calendar.changed", subject=f"booking_calendar:{calendar_id}")


def read_soon(session: Session, calendar_id: UUID) -> None:
    """Have it read now instead of at its time. Raises CalendarNotFound."""
    row = locked(session, calendar_id)
    row.next_at, row.etag = clock.now(), ""
    session.flush()
    ring(session, Job.READ_CALENDARS)
    audit.record(session, "booking_calendar.read_soon", subject=f"booking_calendar:{calendar_id}")


def remove(session: Session, calendar_id: UUID) -> None:
    """Its busy times are free again at once. Raises CalendarNotFound."""
    locked(session, calendar_id)
    session.execute(delete(BookingCalendar).where(BookingCalendar.id == calendar_id))
    alerts.resolve_alert(session, STALE_ALERT, subject=f"booking_calendar:{calendar_id}")
    audit.record(session, "booking_calendar.removed", subject=f"booking_calendar:{calendar_id}")


def newest(session: Session, *, before: UUID | None, limit: int) -> list[Shown]:
    """Calendars, newest first; those older than `before`."""
    query = select(BookingCalendar).order_by(BookingCalendar.id.desc()).limit(limit)
    return _shown(session, session.scalars(query if before is None else query.where(BookingCalendar.id < before)).all())


def one(session: Session, calendar_id: UUID) -> Shown:
    """Raises CalendarNotFound."""
    found = _shown(session, session.scalars(select(BookingCalendar).where(BookingCalendar.id == calendar_id)).all())
    if not found:
        raise CalendarNotFound(str(calendar_id))
    return found[0]


def locked(session: Session, calendar_id: UUID) -> BookingCalendar:
    """Raises CalendarNotFound."""
    row = session.scalar(
        select(BookingCalendar)
        .where(BookingCalendar.id == calendar_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise CalendarNotFound(str(calendar_id))
    return row


def is_stale(row: BookingCalendar, now: datetime) -> bool:
    """Whether it could not be read for long."""
    return (row.read_at or row.created_at) < now - STALE_AFTER


def address_place(calendar_id: UUID) -> Place:
    return Place("booking_calendars", "address", calendar_id)


def _point(session: Session, row: BookingCalendar, address: str) -> None:
    """Raises ValidationFailed."""
    settings: Settings = session.info["settings"]
    try:
        Sender(local=settings.outgoing_webhooks_local).require_url(https(address))
    except AddressRefused as error:
        raise ValidationFailed(FieldError("address", str(error))) from error
    row.address_sealed = keys.seal(session, address_place(row.id), address)
    row.host = urlsplit(https(address)).hostname or ""
    row.next_at, row.etag, row.failures, row.problem = clock.now(), "", 0, ""
    ring(session, Job.READ_CALENDARS)


def _shown(session: Session, rows: Sequence[BookingCalendar]) -> list[Shown]:
    now = clock.now()
    counted = session.execute(
        select(BookingBusy.calendar_id, func.count().label("periods"))
        .where(BookingBusy.ends_at > now, BookingBusy.calendar_id.in_([row.id for row in rows]))
        .group_by(BookingBusy.calendar_id)
    )
    busy = {row.calendar_id: row.periods for row in counted}
    return [
        Shown(
            id=row.id,
            name=row.name,
            resource_id=row.resource_id,
            host=row.host,
            when_stale="hold_back" if row.when_stale == "hold_back" else "offer",
            read_at=row.read_at,
            stale=is_stale(row, now),
            problem=row.problem,
            busy=busy.get(row.id, 0),
            version=row.version,
            created_at=row.created_at,
        )
        for row in rows
    ]
