"""When: of all days and times that an utterance mentions, the one that is meant, or the interval.

A correction (`no, Thursday`) and a change (`from Friday to Saturday`) mean what comes last; `or`, and days that stand
side by side without a reason, are in doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from callwaiting.understanding.date_rules import days_in
from callwaiting.understanding.days import Days, Today
from callwaiting.understanding.days_meant import bare_day, day_meant
from callwaiting.understanding.result import Part as PartName
from callwaiting.understanding.result import Period, Slot
from callwaiting.understanding.text import blank
from callwaiting.understanding.times import clocks_in, parts_in
from callwaiting.understanding.times_meant import may_be_a_party, strong, time_meant
from callwaiting.understanding.weeks import weeks_in

A_LONG_STAY = 28  # days
SMALL_HOURS = time(5)  # `tonight at one` may be tomorrow by the calendar
USUAL_HOURS: dict[str, tuple[time, time, PartName]] = {
    "morning": (time(8), time(12), "morning"),
    "lunch": (time(11), time(14), "lunch"),
    "afternoon": (time(12), time(18), "afternoon"),
    "evening": (time(17), time(22), "evening"),
    "night": (time(20), time(23, 59), "night"),
}


@dataclass(frozen=True, slots=True)
class When:
    """What was said about time. `rest` is the plain text with all of it blanked out. `or_party`: numbers that are taken
    for times and may count people instead."""

    date: date | None
    time: time | None
    period: Period | None
    doubtful: tuple[Slot, ...]
    candidates: dict[Slot, tuple[str, ...]]
    rest: str
    or_party: tuple[int, ...] = ()


def when(plain: str, today: Today, asked: Slot | None) -> When:
    """The day, time and interval that are meant. `asked` decides what a bare number is."""
    mentions = days_in(plain, today)
    rest = plain
    for mention in mentions:
        rest = blank(rest, mention.start, mention.end)
    weeks = weeks_in(rest, today)
    for mention in weeks:
        rest = blank(rest, mention.start, mention.end)
    day, days_period, day_readings = day_meant(plain, mentions, weeks)
    if asked is Slot.DATE and not mentions and not weeks:
        day, day_readings, rest = bare_day(rest, today)
    parts = parts_in(plain, rest)
    clocks = strong(rest, clocks_in(rest), parts, asked)
    or_party = may_be_a_party(rest, clocks) if asked is not Slot.TIME else ()
    for clock in clocks:
        rest = blank(rest, clock.start, clock.end)
    at, times_period, time_readings = time_meant(plain, clocks, parts)
    if day is not None and weeks and not any(each.days[0] <= day <= (each.last or day) for each in weeks):
        day_readings = (*day_readings, weeks[-1].days[0])  # `the first week of October on Friday`
    if day is not None and at is not None and _may_be_after_midnight(plain, at):
        day_readings = (day, day + timedelta(days=1))
    if days_period and days_period.begin and days_period.end and _lasts(days_period) >= A_LONG_STAY:
        day_readings = (*day_readings, *(day_readings and (days_period.end,)))  # a window rather than a visit
    instant = next((mention.instant for mention in mentions if mention.instant), None)
    if instant is not None and at is None and day == instant.date():
        at = instant.time().replace(second=0, microsecond=0, tzinfo=None)
    period = times_period or days_period
    if period is None and parts and at is None:
        begin, end, name = USUAL_HOURS[parts[-1].name]
        period = Period(begin, end, name)
    doubtful, candidates = _doubts(today, day, at, mentions, day_readings, time_readings)
    return When(day, at, period, doubtful, candidates, rest, or_party)


def _may_be_after_midnight(plain: str, at: time) -> bool:
    """`Tonight at one`, `this afternoon at 12`: by the calendar it may be the next day."""
    if at < SMALL_HOURS:
        return re.search(r"\b(?:to[- ]?night|evening|night|mid-?night)\b", plain) is not None
    return at == time(12) and re.search(r"\b(?:this afternoon|evening|night)\b", plain) is not None


def _lasts(period: Period) -> int:
    first, last = period.begin, period.end
    return (last - first).days if isinstance(first, date) and isinstance(last, date) else 0


def _doubts(
    today: Today,
    day: date | None,
    at: time | None,
    mentions: list[Days],
    days: tuple[date, ...],
    times: tuple[time, ...],
) -> tuple[tuple[Slot, ...], dict[Slot, tuple[str, ...]]]:
    doubtful: list[Slot] = []
    candidates: dict[Slot, tuple[str, ...]] = {}
    if len(days) > 1:
        candidates[Slot.DATE] = tuple(each.isoformat() for each in days)
    gone = day is not None and day < today.day and not any(each.gone for each in mentions)
    if gone or len(days) > 1 or any(not each.gone and not (day and each.days) for each in mentions):
        doubtful.append(Slot.DATE)
    if len(times) > 1:
        candidates[Slot.TIME] = tuple(f"{each:%H:%M}" for each in times)
    if len({each.hour % 12 * 60 + each.minute for each in times}) > 1 or (day and at and not _exists(today, day, at)):
        doubtful.append(Slot.TIME)
    return tuple(doubtful), candidates


def _exists(today: Today, day: date, at: time) -> bool:
    """Whether the clocks show that time on that day exactly once."""
    local = datetime.combine(day, at, today.now.tzinfo)
    once = local.utcoffset() == local.replace(fold=1).utcoffset()
    return once and local.astimezone(UTC).astimezone(today.now.tzinfo).time() == at
