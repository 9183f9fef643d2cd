"""Whole days of a business, by its own clock: they begin at local midnight, and some have 23 hours or 25."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, ColumnElement, DateTime, and_, cast, func
from sqlalchemy.orm import InstrumentedAttribute

Moment = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None] | ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Days:
    """Days in a row. `bounds` are the instants (UTC) at which each begins, and the one at which the last ends."""

    first: date
    bounds: tuple[datetime, ...]

    @classmethod
    def between(cls, first: date, last: date, zone: ZoneInfo) -> Days:
        """From `first` to `last`, both included. Where a day has no midnight it begins with its first instant."""
        count = (last - first).days + 1
        midnights = (datetime.combine(first + timedelta(number), time(), zone) for number in range(count + 1))
        return cls(first, tuple(midnight.astimezone(UTC) for midnight in midnights))

    def __iter__(self) -> Iterator[date]:
        return (self.first + timedelta(number) for number in range(len(self.bounds) - 1))

    def contain(self, moment: Moment) -> ColumnElement[bool]:
        """That the column's instant lies within these days; an index of the column serves it."""
        return and_(moment >= self.bounds[0], moment < self.bounds[-1])

    def number_of(self, moment: Moment) -> ColumnElement[int]:
        """Which of these days the column's instant lies in: 0 for the first."""
        bounds = cast(list(self.bounds), ARRAY(DateTime(timezone=True)))
        number: ColumnElement[int] = func.width_bucket(moment, bounds) - 1
        return number
