"""The hours of resources as the database has them, and a resource's own week."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import public_holidays
from callwaiting.features.bookings.availability import Hours, Opening, Openings
from callwaiting.features.bookings.models import BookingHours, BookingResource
from callwaiting.features.bookings.resources import locked
from callwaiting.features.merchants.hours import Period, refuse_overlaps, week

# One round trip for what lies in three tables: a caller waits for it.
SETTINGS = Statement("""
select
    (select jsonb_agg(jsonb_build_array(resource_id, weekday, opens, closes) order by weekday, opens)
     from app.booking_hours) as weeks,
    (select jsonb_agg(jsonb_build_array(resource_id, day, periods)) from app.booking_special_days
     where day between %(first)s and %(last)s) as special,
    (select jsonb_build_array(holiday_country, holiday_region, open_holidays) from app.booking_rules) as holidays
""")


def hours_of(session: Session, resources: Iterable[BookingResource], first: date, last: date) -> Mapping[UUID, Hours]:
    """The hours of these resources from one local day to another, and what runs into them from the day before."""
    first -= timedelta(days=1)
    row = SETTINGS(session, first=first, last=last).one()
    weeks: defaultdict[UUID, defaultdict[int, list[Opening]]] = defaultdict(lambda: defaultdict(list))
    for resource_id, weekday, opens, closes in row.weeks or ():
        weeks[UUID(resource_id)][weekday].append(Opening(time.fromisoformat(opens), time.fromisoformat(closes)))
    special: defaultdict[UUID | None, dict[date, Openings]] = defaultdict(dict)
    for resource_id, day, periods in row.special or ():
        special[UUID(resource_id) if resource_id else None][date.fromisoformat(day)] = openings(periods)
    country, region, open_on = row.holidays or (None, None, [])
    closed = public_holidays.closed_days(country, region, open_on, first.year, last.year)
    business = _by_weekday(week(session).periods)
    return {
        resource.id: Hours(
            daily=Opening(resource.opens, resource.closes),
            week=weeks.get(resource.id),
            special=special.get(resource.id, {}),
            business_week=business,
            business_special=special.get(None, {}),
            holidays=closed,
        )
        for resource in resources
    }


def openings(periods: Iterable[Sequence[str]]) -> Openings:
    """Out of the form in which a special day keeps them."""
    return [Opening(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in periods]


def week_of(session: Session, resource_id: UUID) -> tuple[Period, ...]:
    """A resource's own week; empty when it has none."""
    rows = session.scalars(
        select(BookingHours)
        .where(BookingHours.resource_id == resource_id)
        .order_by(BookingHours.weekday, BookingHours.opens)
    )
    return tuple(Period(row.weekday, row.opens, row.closes) for row in rows)


def replace_week(session: Session, resource_id: UUID, version: int, periods: Sequence[Period]) -> None:
    """Give a resource a week of its own instead of what it had; none, and it follows the business's hours again.

    What was booked stays. Raises ResourceNotFound, PreconditionFailed, ValidationFailed when two periods overlap.
    """
    refuse_overlaps(periods)
    row = locked(session, resource_id, version)
    session.execute(delete(BookingHours).where(BookingHours.resource_id == resource_id))
    session.add_all(
        BookingHours(
            merchant_id=merchant_of(session),
            resource_id=resource_id,
            weekday=period.weekday,
            opens=period.opens,
            closes=period.closes,
        )
        for period in periods
    )
    row.version += 1
    session.flush()
    audit.record(
        session,
        "booking_resource.hours_changed",
        subject=f"booking_resource:{resource_id}",
        details={"periods": len(periods)},
    )


def _by_weekday(periods: Sequence[Period]) -> Mapping[int, Openings] | None:
    """None when the business has given no hours."""
    found: defaultdict[int, list[Opening]] = defaultdict(list)
    for period in periods:
        found[period.weekday].append(Opening(period.opens, period.closes))
    return found or None
