"""What can be booked: chairs, tables, rooms, each with the hours and the length of its slots."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings.errors import ResourceInvalid, ResourceNotFound
from callwaiting.features.bookings.models import LARGEST_PARTY, BookingResource


def add_resource(
    session: Session,
    *,
    name: str,
    opens: time,
    closes: time,
    slot_minutes: int,
    units: int = 1,
    seats: int | None = None,
) -> UUID:
    """Add something that can be booked in slots between two local times of a day. Raises ResourceInvalid."""
    _check(name, opens, closes, slot_minutes, units, seats)
    row = BookingResource(
        merchant_id=merchant_of(session),
        name=name.strip(),
        opens=opens,
        closes=closes,
        slot_minutes=slot_minutes,
        units=units,
        seats=seats,
    )
    session.add(row)
    session.flush()
    audit.record(session, "booking_resource.added", subject=f"booking_resource:{row.id}")
    return row.id


def change_resource(
    session: Session,
    resource_id: UUID,
    version: int,
    *,
    name: str,
    opens: time,
    closes: time,
    slot_minutes: int,
    units: int,
    seats: int | None = None,
) -> None:
    """Change a resource as a whole. What was booked stays as it is, also where it no longer fits.

    Raises ResourceNotFound, PreconditionFailed, ResourceInvalid.
    """
    row = locked(session, resource_id, version)
    _check(name, opens, closes, slot_minutes, units, seats)
    row.name, row.opens, row.closes = name.strip(), opens, closes
    row.slot_minutes, row.units, row.seats, row.version = slot_minutes, units, seats, version + 1
    session.flush()
    audit.record(session, "booking_resource.changed", subject=f"booking_resource:{resource_id}")


def by_name(session: Session, *, after: tuple[str, UUID] | None, limit: int) -> Sequence[BookingResource]:
    """Resources by name and id; those after the given one."""
    query = select(BookingResource).order_by(BookingResource.name, BookingResource.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(BookingResource.name, BookingResource.id) > after)
    return session.scalars(query).all()


def resource(session: Session, resource_id: UUID) -> BookingResource:
    """Raises ResourceNotFound."""
    row = session.scalar(select(BookingResource).where(BookingResource.id == resource_id))
    if row is None:
        raise ResourceNotFound(str(resource_id))
    return row


def locked(session: Session, resource_id: UUID, version: int) -> BookingResource:
    """A resource for a change of it or of its hours. Raises ResourceNotFound, PreconditionFailed."""
    row = session.scalar(
        select(BookingResource)
        .where(BookingResource.id == resource_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise ResourceNotFound(str(resource_id))
    require_version(row.version, version)
    return row


def _check(name: str, opens: time, closes: time, slot_minutes: int, units: int, seats: int | None) -> None:
    wrong = []
    if not 1 <= len(name.strip()) <= 60 or not name.isprintable():
        wrong.append(FieldError("name", "Must be 1 to 60 printable characters."))
    if opens >= closes:
        wrong.append(FieldError("closes", "Must be later than `opens`."))
    if not 5 <= slot_minutes <= 480:
        wrong.append(FieldError("slot_minutes", "Must be between 5 and 480."))
    if not 1 <= units <= 100:
        wrong.append(FieldError("units", "Must be between 1 and 100."))
    if seats is not None and not 1 <= seats <= LARGEST_PARTY:
        wrong.append(FieldError("seats", f"Must be between 1 and {LARGEST_PARTY}."))
    if wrong:
        raise ResourceInvalid(fields=wrong)
