"""Bookings on their way out, by the time at which they begin."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.core.exports import Export, Exported, within
from callwaiting.core.money import Money
from callwaiting.features.bookings.models import Booking, BookingResource, BookingService
from callwaiting.features.callers import service as callers
from callwaiting.features.merchants import service as merchants

COLUMNS = (
    "id", "begins_at", "ends_at", "state", "resource", "service", "party_size", "caller", "created_at", "confirmed_at",
    "currency", "deposit",
)  # fmt: skip


def _page(session: Session, days: Days, after: UUID | None, limit: int) -> list[Exported]:
    rows = session.scalars(within(select(Booking), Booking.id, Booking.starts_at, days, after, limit)).all()
    numbers = callers.numbers_of(session, {row.caller_id for row in rows if row.caller_id})
    wanted = {row.resource_id for row in rows}
    named = session.execute(select(BookingResource.id, BookingResource.name).where(BookingResource.id.in_(wanted)))
    resources = {row.id: row.name for row in named}
    wanted = {row.service_id for row in rows if row.service_id}
    named = session.execute(select(BookingService.id, BookingService.name).where(BookingService.id.in_(wanted)))
    services = {row.id: row.name for row in named}
    currency = merchants.profile(session).currency
    return [
        Exported(
            row.id,
            {
                "id": row.id,
                "begins_at": row.period.lower,
                "ends_at": row.period.upper,
                "state": row.state,
                "resource": resources[row.resource_id],
                "service": services.get(row.service_id) if row.service_id else None,
                "party_size": row.party_size,
                "caller": numbers.get(row.caller_id) if row.caller_id else None,
                "created_at": row.created_at,
                "confirmed_at": row.confirmed_at,
                "currency": currency,
                "deposit": Money(row.deposit_minor, currency).decimal(),
            },
        )
        for row in rows
    ]


EXPORT = Export(COLUMNS, _page)
