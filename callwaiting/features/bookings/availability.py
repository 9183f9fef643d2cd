"""Which times are free. Pure: hours, special days, busy times, the service, the clock and the zone come as arguments.

Local times become instants here and nowhere else, so this is where the two changes of the clock are dealt with.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
ALL_UNITS = 0


@dataclass(frozen=True, slots=True, order=True)
class Opening:
    """Local times of a day. `closes` at or before `opens` means the following day."""

    opens: time
    closes: time


Openings = Sequence[Opening]
Week = Mapping[int, Openings]
"""Openings by weekday, 1 for Monday. A day that is not in it is closed."""


@dataclass(frozen=True, slots=True)
class Hours:
    """When a resource can be booked.

    Its own special days win over everything. Else it is there by its own week, or `daily` without one, as far as the
    business is open: on a special day of the business by that day's hours, on a holiday not at all, else by the
    business's week, which does not bind a resource with a week of its own.
    """

    daily: Opening
    week: Week | None = None
    special: Mapping[date, Openings] = field(default_factory=dict)
    business_week: Week | None = None
    business_special: Mapping[date, Openings] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()

    def of(self, day: date, zone: ZoneInfo) -> list[Window]:
        """The windows that begin on a day."""
        if day in self.special:
            return _windows(self.special[day], day, zone)
        own = [self.daily] if self.week is None else self.week.get(day.isoweekday(), ())
        windows = _windows(own, day, zone)
        if day in self.business_special:
            return _both(windows, _windows(self.business_special[day], day, zone))
        if day in self.holidays:
            return []
        if self.week is not None or self.business_week is None:
            return windows
        business = [
            window
            for near in (day - DAY, day)  # a bar's evening runs into this day
            if near not in self.business_special and near not in self.holidays
            for window in _windows(self.business_week.get(near.isoweekday(), ()), near, zone)
        ]
        return _both(windows, business)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a booking takes: minutes of the appointment, of the grid on which it begins, and of the buffers around it;
    `capacity`: how many units it may fill (None: all)."""

    minutes: int
    step: int
    before: int = 0
    after: int = 0
    capacity: int | None = None

    def end(self, start: datetime) -> datetime:
        return start + timedelta(minutes=self.minutes)

    def occupied(self, start: datetime) -> Window:
        """The appointment with its buffers."""
        return Window(start - timedelta(minutes=self.before), self.end(start) + timedelta(minutes=self.after))


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` up to `end`: instants, in UTC."""

    start: datetime
    end: datetime

    def meets(self, other: Window) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Busy:
    """A unit that is taken, or ALL_UNITS of them."""

    window: Window
    unit: int


@dataclass(frozen=True, slots=True)
class Free:
    """A time at which an appointment can begin, and the units that are free for it."""

    start: datetime
    end: datetime
    units: tuple[int, ...]


def free_times(
    hours: Hours,
    terms: Terms,
    *,
    units: int,
    busy: Sequence[Busy],
    day: date,
    now: datetime,
    zone: ZoneInfo,
) -> Iterator[Free]:
    """The times of a local day that lie after `now`, in order; also those with no unit left, with `units` empty."""
    for start in starts(hours, terms, day, zone):
        if start > now:
            yield Free(start, terms.end(start), free_units(terms, start, units=units, busy=busy))


def free_units(terms: Terms, start: datetime, *, units: int, busy: Iterable[Busy]) -> tuple[int, ...]:
    """The units that nobody has from the first buffer to the last."""
    wanted = terms.occupied(start)
    taken = {item.unit for item in busy if item.window.meets(wanted)}
    if ALL_UNITS in taken:
        return ()
    return tuple(unit for unit in range(1, min(units, terms.capacity or units) + 1) if unit not in taken)


def starts(hours: Hours, terms: Terms, day: date, zone: ZoneInfo) -> Iterator[datetime]:
    """When appointments can begin on a local day, in order, whatever is taken.

    They stand on a grid of wall-clock times from where a window begins. A time that the change to summer time skips
    does not exist; of one that comes twice the second is left out, because nobody could tell which was meant.
    """
    seen = set()
    for window in (window for begun in (day - DAY, day) for window in hours.of(begun, zone)):
        local = window.start.astimezone(zone).replace(tzinfo=None)
        last = window.end.astimezone(zone).replace(tzinfo=None)
        while local < last:
            start = local.replace(tzinfo=zone).astimezone(UTC)
            real = start.astimezone(zone).replace(tzinfo=None) == local
            if real and local.date() == day and window.start <= start and terms.end(start) <= window.end:
                seen.add(start)
            local += timedelta(minutes=terms.step)
    yield from sorted(seen)


def _windows(openings: Openings, day: date, zone: ZoneInfo) -> list[Window]:
    return [
        Window(
            datetime.combine(day, opening.opens, zone).astimezone(UTC),
            datetime.combine(
                day if opening.closes > opening.opens else day + DAY, opening.closes, zone
            ).astimezone(UTC),
        )
        for opening in openings
    ]  # fmt: skip


def _both(some: Sequence[Window], others: Sequence[Window]) -> list[Window]:
    """Where both are open."""
    return [
        Window(max(one.start, other.start), min(one.end, other.end))
        for one in some
        for other in others
        if one.meets(other)
    ]
