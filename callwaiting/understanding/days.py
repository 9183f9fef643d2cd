"""A day that was said, and the clock of the business: what all rules for days share."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

Match = re.Match[str]


MONTH_FIRST = ("America/", "US/", "Pacific/Honolulu", "Etc/", "UTC", "GMT")


@dataclass(frozen=True, slots=True)
class Days:
    """A mention of a day. `days` are its readings, likeliest first; none: it cannot be a day. `gone`: it lies in the
    past. `instant` also says the time (`in two hours`). `bare`: only a day's number, whose month may be said by the
    other end of a range. `last` is the end of a mention that is a range itself (`next week`)."""

    start: int
    end: int
    days: tuple[date, ...]
    gone: bool = False
    instant: datetime | None = None
    bare: int | None = None
    month_said: bool = False
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Today:
    """The clock of the business: its local time, aware, and whether 5/6 is the 6th of May; and its country, if that is
    known, whose feasts are meant."""

    now: datetime
    month_first: bool
    country: str | None = None

    @property
    def day(self) -> date:
        return self.now.date()


def day_of(year: int, month: int, day: int) -> date | None:
    """That day, or None when the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def plus_months(day: date, months: int) -> date:
    """The same day some months on; the last of the month where it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def next_month_day(after: date, day: int) -> date | None:
    """The next such day of a month, `after` itself included."""
    for ahead in range(13):
        month = plus_months(after.replace(day=1), ahead)
        found = day_of(month.year, month.month, day)
        if found and found >= after:
            return found
    return None


def mention(match: Match, *days: date | None, **more: object) -> Days:
    known = tuple(dict.fromkeys(day for day in days if day is not None))
    return Days(match.start(), match.end(), known, **more)  # type: ignore[arg-type]  # keywords of Days


def nearest(day: date, weekday: int | None) -> list[date]:
    """The nearest such weekday, or none if none was said."""
    if weekday is None:
        return []
    ahead = (weekday - day.weekday()) % 7
    return [day + timedelta(days=ahead if ahead <= 3 else ahead - 7)]
