"""When the business is open: the periods of one week, in its local time, replaced as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.merchants import service
from callwaiting.features.merchants.models import Merchant, OpeningHours

DAY = 24 * 60
WEEK = 7 * DAY


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """`weekday` is 1 for Monday, 7 for Sunday. `closes` at or before `opens` means the following day."""

    weekday: int
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class Week:
    """The merchant's week, of which an empty one says that no hours were given."""

    version: int
    periods: tuple[Period, ...]


def week(session: Session) -> Week:
    """The session's merchant's hours, from Monday on. The version is that of the merchant."""
    rows = session.execute(
        select(Merchant.version, OpeningHours.weekday, OpeningHours.opens, OpeningHours.closes)
        .outerjoin(OpeningHours, OpeningHours.merchant_id == Merchant.id)
        .where(Merchant.id == merchant_of(session))
        .order_by(OpeningHours.weekday, OpeningHours.opens)
    ).all()
    periods = (Period(row.weekday, row.opens, row.closes) for row in rows if row.weekday is not None)
    return Week(rows[0].version, tuple(periods))


def replace_week(session: Session, version: int, periods: Sequence[Period]) -> Week:
    """Give the merchant these hours instead of what it had.

    Raises ValidationFailed when two periods overlap, PreconditionFailed when the merchant's version is not `version`.
    """
    refuse_overlaps(periods)
    merchant = service.locked(session, version)
    session.execute(delete(OpeningHours).where(OpeningHours.merchant_id == merchant.id))
    session.add_all(
        OpeningHours(merchant_id=merchant.id, weekday=period.weekday, opens=period.opens, closes=period.closes)
        for period in periods
    )
    session.flush()
    audit.record(
        session, "merchant.hours_changed", subject=f"merchant:{merchant.id}", details={"periods": len(periods)}
    )
    return Week(merchant.version, tuple(sorted(periods)))


def refuse_overlaps(periods: Sequence[Period]) -> None:
    """Raise ValidationFailed when two periods of a week overlap.

    The week is a circle: the period after the last one is the first, a week later."""
    in_order = sorted(range(len(periods)), key=lambda place: periods[place])
    starts = [_start(periods[place]) for place in in_order]
    next_starts = [*starts[1:], *(first + WEEK for first in starts[:1])]
    wrong = [
        FieldError(f"periods.{place}", "Must end before the next period begins.")
        for place, start, next_start in zip(in_order, starts, next_starts, strict=True)
        if start + _length(periods[place]) > next_start
    ]
    if wrong:
        raise ValidationFailed(*wrong)


def _start(period: Period) -> int:
    return (period.weekday - 1) * DAY + _minute(period.opens)


def _length(period: Period) -> int:
    return (_minute(period.closes) - _minute(period.opens)) % DAY or DAY


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute
