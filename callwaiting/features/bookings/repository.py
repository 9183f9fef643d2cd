"""Rows of bookings, and which units are busy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.statements import Statement
from callwaiting.features.bookings.availability import Busy, Window
from callwaiting.features.bookings.models import LONGEST, LONGEST_BUFFER, Booking
from callwaiting.features.bookings.transitions import State

# What keeps units busy between two instants: confirmed bookings, and holds that have not run out.
# The conditions on `starts_at` are for the index.
BUSY = Statement("""
select resource_id, unit, lower(occupied) as starts_at, upper(occupied) as ends_at from app.bookings
where starts_at > %(after)s and starts_at < %(before)s and id is distinct from %(apart)s::uuid
  and (state = 'confirmed' or state = 'held' and coalesce(hold_expires_at, %(now)s) > %(now)s)
""")


def locked(session: Session, booking_id: UUID) -> Booking | None:
    return session.scalar(
        select(Booking).where(Booking.id == booking_id).with_for_update().execution_options(populate_existing=True)
    )


def expired_holds(session: Session, resource_id: UUID, now: datetime) -> Sequence[Booking]:
    """Holds of the resource whose time is up, locked."""
    return session.scalars(
        select(Booking)
        .where(Booking.resource_id == resource_id, Booking.state == State.HELD, Booking.hold_expires_at <= now)
        .order_by(Booking.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def busy(
    session: Session, start: datetime, end: datetime, now: datetime, *, apart_from: UUID | None = None
) -> Mapping[UUID, Sequence[Busy]]:
    """What is taken of each resource between two instants, one booking left aside. It may hold more than that."""
    found: defaultdict[UUID, list[Busy]] = defaultdict(list)
    for row in BUSY(
        session,
        after=start - LONGEST - LONGEST_BUFFER,
        before=end + LONGEST_BUFFER,
        now=now,
        apart=apart_from,
    ):
        found[row.resource_id].append(Busy(Window(row.starts_at, row.ends_at), row.unit))
    return found
