"""The merchant's rules of bookings: public holidays, notice, reminders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import public_holidays, reminding
from callwaiting.features.bookings.models import Booking, BookingRules
from callwaiting.features.merchants import service as merchants


@dataclass(frozen=True, slots=True)
class Rules:
    """`open_holidays` names the public holidays on which the business works all the same. Without a country none are
    kept. `reminder_minutes` 0: nobody is reminded. `deposit_minutes`: so long a time is kept for its deposit."""

    holiday_country: str | None = None
    holiday_region: str | None = None
    open_holidays: tuple[str, ...] = ()
    notice_minutes: int = 120
    reminder_minutes: int = 24 * 60
    deposit_minutes: int = 120
    version: int = 1


@dataclass(frozen=True, slots=True)
class Holiday:
    day: date
    names: tuple[str, ...]
    closed: bool


def rules_of(session: Session) -> Rules:
    """The session's merchant's rules, or those that hold without any being given."""
    row = session.scalar(select(BookingRules))
    if row is None:
        return Rules()
    return Rules(
        holiday_country=row.holiday_country,
        holiday_region=row.holiday_region,
        open_holidays=tuple(row.open_holidays),
        notice_minutes=row.notice_minutes,
        reminder_minutes=row.reminder_minutes,
        deposit_minutes=row.deposit_minutes,
        version=row.version,
    )


def change_rules(
    session: Session,
    version: int,
    *,
    holiday_country: str | None,
    holiday_region: str | None,
    open_holidays: Sequence[str],
    notice_minutes: int,
    reminder_minutes: int,
    deposit_minutes: int,
) -> None:
    """Change the rules as a whole. What was booked stays, and so do reminders that are planned.

    Raises ValidationFailed, PreconditionFailed.
    """
    if holiday_country is None and holiday_region is not None:
        raise ValidationFailed(FieldError("holiday_region", "Needs a country."))
    if holiday_country is not None and not public_holidays.supported(holiday_country, None):
        raise ValidationFailed(FieldError("holiday_country", "The holidays of this country are not known."))
    if holiday_country is not None and not public_holidays.supported(holiday_country, holiday_region):
        raise ValidationFailed(FieldError("holiday_region", "The holidays of this region are not known."))
    made = insert(BookingRules).values(merchant_id=merchant_of(session), id=merchant_of(session))
    session.execute(made.on_conflict_do_nothing())
    row = session.scalars(select(BookingRules).with_for_update().execution_options(populate_existing=True)).one()
    require_version(row.version, version)
    row.holiday_country, row.holiday_region = holiday_country, holiday_region
    row.open_holidays = sorted(set(open_holidays))
    row.notice_minutes, row.reminder_minutes = notice_minutes, reminder_minutes
    row.deposit_minutes = deposit_minutes
    row.version += 1
    session.flush()
    audit.record(
        session,
        "booking_rules.changed",
        subject=f"merchant:{merchant_of(session)}",
        details={
            "holiday_country": holiday_country,
            "holiday_region": holiday_region,
            "notice_minutes": notice_minutes,
            "reminder_minutes": reminder_minutes,
            "deposit_minutes": deposit_minutes,
        },
    )


def holidays_of(session: Session, year: int) -> list[Holiday]:
    """The public holidays of a year as the rules have it; none without a country."""
    rules = rules_of(session)
    if rules.holiday_country is None:
        return []
    found = public_holidays.of_year(rules.holiday_country, rules.holiday_region, year)
    closed = public_holidays.closed_days(rules.holiday_country, rules.holiday_region, rules.open_holidays, year)
    return [Holiday(day, names, day in closed) for day, names in found.items()]


def plan_reminder(session: Session, booking: Booking) -> None:
    """Set when the caller shall be reminded of a booking, or that there is no need to."""
    booking.remind_at = reminding.reminder_at(
        booking.starts_at,
        told_at=booking.changed_at,
        lead=timedelta(minutes=rules_of(session).reminder_minutes),
        zone=merchants.profile(session).timezone,
    )
