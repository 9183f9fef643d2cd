"""Figures of a merchant's days, each counted or summed by Postgres from the rows themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.money import Money
from callwaiting.features.bookings import service as bookings
from callwaiting.features.calls import service as calls
from callwaiting.features.calls.service import CallFigures
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.service import TextFigures
from callwaiting.features.orders import service as orders
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.service import MoneyFigures

MAX_DAYS = 92
NO_CALLS, NO_MONEY, NO_TEXTS = CallFigures(0, 0, 0), MoneyFigures(0, 0, 0), TextFigures(0, 0)


@dataclass(frozen=True, slots=True)
class Figures:
    """What happened in a day, or in all of them."""

    missed_calls: int
    answered_calls: int
    recovered_calls: int
    orders: int
    bookings: int
    texts_sent: int
    texts_received: int
    captured: Money
    refunded: Money
    lost: Money

    @property
    def revenue(self) -> Money:
        """What was captured, less what of it was given back or lost to a dispute."""
        return Money(self.captured.minor - self.refunded.minor - self.lost.minor, self.captured.currency)

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            missed_calls=self.missed_calls + other.missed_calls,
            answered_calls=self.answered_calls + other.answered_calls,
            recovered_calls=self.recovered_calls + other.recovered_calls,
            orders=self.orders + other.orders,
            bookings=self.bookings + other.bookings,
            texts_sent=self.texts_sent + other.texts_sent,
            texts_received=self.texts_received + other.texts_received,
            captured=self.captured + other.captured,
            refunded=self.refunded + other.refunded,
            lost=self.lost + other.lost,
        )


@dataclass(frozen=True, slots=True)
class DayFigures:
    day: date
    figures: Figures


@dataclass(frozen=True, slots=True)
class Report:
    """`days` are all days of the range, also those on which nothing happened."""

    zone: ZoneInfo
    total: Figures
    days: list[DayFigures]


def report(session: Session, since: date, until: date) -> Report:
    """The figures of the days from `since` to `until`, both included, by the merchant's own clock.

    Raises ValidationFailed for a range that ends before it begins, or of more than 92 days.
    """
    if until < since:
        raise ValidationFailed(FieldError("until", "Must not lie before `since`."))
    if (until - since).days >= MAX_DAYS:
        raise ValidationFailed(FieldError("until", f"At most {MAX_DAYS} days can be asked for."))
    profile = merchants.profile(session)
    days = Days.between(since, until, profile.timezone)
    calls_of, texts_of = calls.per_day(session, days), messages.per_day(session, days)
    orders_of, bookings_of = orders.per_day(session, days), bookings.per_day(session, days)
    money_of = payments.per_day(session, days, profile.currency)

    def figures(number: int) -> Figures:
        call, text, money = (
            calls_of.get(number, NO_CALLS),
            texts_of.get(number, NO_TEXTS),
            money_of.get(number, NO_MONEY),
        )
        return Figures(
            missed_calls=call.missed,
            answered_calls=call.answered,
            recovered_calls=call.recovered,
            orders=orders_of.get(number, 0),
            bookings=bookings_of.get(number, 0),
            texts_sent=text.sent,
            texts_received=text.received,
            captured=Money(money.captured, profile.currency),
            refunded=Money(money.refunded, profile.currency),
            lost=Money(money.lost, profile.currency),
        )

    found = [DayFigures(day, figures(number)) for number, day in enumerate(days)]
    total = found[0].figures
    for one in found[1:]:
        total += one.figures
    return Report(profile.timezone, total, found)
