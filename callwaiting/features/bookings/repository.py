"""Rows of bookings, and which units are busy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.statements import Statement
from callwaiting.features.bookings.availability import ALL_UNITS, Busy, Window
from callwaiting.features.bookings.models import LONGEST, LONGEST_BUFFER, Booking
from callwaiting.features.bookings.transitions import State

# What keeps units busy between two instants: bookings that are confirmed or wait for their deposit (which ends them),
# holds that have not run out, and for all units what calendars elsewhere say, or that one of them which must not be
# missed cannot be read. One round trip: a caller waits. The conditions on `starts_at` are for the index.
STALE_AFTER = timedelta(hours=6)  # so old may be what was last read of a calendar
BUSY = Statement("""
select resource_id, unit, lower(occupied) as starts_at, upper(occupied) as ends_at from app.bookings
where starts_at > %(after)s and starts_at < %(before)s and id is distinct from %(apart)s::uuid
  and (state in ('awaiting_deposit', 'confirmed') or state = 'held' and coalesce(hold_expires_at, %(now)s) > %(now)s)
union all
select resource_id, %(all_units)s::int, starts_at, ends_at from app.booking_busy
where ends_at > %(after)s and starts_at < %(before)s
union all
select resource_id, %(all_units)s::int, %(after)s::timestamptz, %(before)s::timestamptz from app.booking_calendars
where when_stale = 'hold_back' and (read_at is null or read_at < %(stale)s::timestamptz)
""")

HELD_BY_CALL = Statement("""
select id from app.bookings where call_id = %(call_id)s and state = 'held' and starts_at > %(now)s order by id
""")


def locked(session: Session, booking_id: UUID) -> Booking | None:
    return session.scalar(
        select(Booking).where(Booking.id == booking_id).with_for_update().execution_options(populate_existing=True)
    )


def held_by_call(session: Session, call_id: UUID, now: datetime) -> Sequence[UUID]:
    """What a call still holds of the time to come, by the index on when it begins."""
    return HELD_BY_CALL(session, call_id=call_id, now=now).scalars()


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
        all_units=ALL_UNITS,
        stale=now - STALE_AFTER,
    ):
        found[row.resource_id].append(Busy(Window(row.starts_at, row.ends_at), row.unit))
    return found
