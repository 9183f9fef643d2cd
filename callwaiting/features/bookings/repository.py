"""Rows of bookings, and which units they keep busy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from callwaiting.features.bookings.models import LONGEST, Booking
from callwaiting.features.bookings.slots import Slot
from callwaiting.features.bookings.transitions import State


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


def taken(session: Session, start: datetime, end: datetime, now: datetime) -> Sequence[Booking]:
    """What keeps units busy between two instants: confirmed bookings, and holds that have not run out."""
    return session.scalars(
        select(Booking)
        .where(
            Booking.starts_at > start - LONGEST,  # these two are for the index
            Booking.starts_at < end,
            Booking.period.overlaps(Range(start, end)),
            or_(
                Booking.state == State.CONFIRMED,
                and_(Booking.state == State.HELD, func.coalesce(Booking.hold_expires_at, now) > now),
            ),
        )
        .execution_options(populate_existing=True)
    ).all()


def units_taken(rows: Sequence[Booking], slot: Slot, *, apart_from: UUID | None = None) -> set[int]:
    """Which units of the slot's resource these bookings keep busy in it, one of them left aside."""
    period = Range(slot.start, slot.end)
    return {
        row.unit
        for row in rows
        if row.resource_id == slot.resource_id and row.id != apart_from and row.period.overlaps(period)
    }
