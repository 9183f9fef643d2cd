"""When: of all days and times that an utterance mentions, the one that is meant, or the interval.

A correction (`no, Thursday`) and a change (`from Friday to Saturday`) mean what comes last; `or`, and days that stand
side by side without a reason, are in doubt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from callwaiting.understanding.date_rules import days_in
from callwaiting.understanding.dates import Days, Today, day_of, next_month_day
from callwaiting.understanding.moment_words import (
    AT,
    BARE_DAY,
    BESIDE_A_TIME,
    BOUND,
    CHANGE,
    CORRECTED,
    CORRECTION,
    DEED,
    FOR_PEOPLE,
    FROM_SO_MANY,
    LASTING,
    LEAVING,
    NO_TIME_AFTER,
    NOT,
    NUMBER_BEHIND,
    OF,
    OR_BEFORE,
    OR_BEHIND,
    PEOPLE_BEFORE,
    RULED_OUT,
    THROUGH,
    TIME_BEFORE,
    TO,
    TO_ANOTHER,
    UNREAD_DAY,
)
from callwaiting.understanding.result import Part as PartName
from callwaiting.understanding.result import Period, Slot
from callwaiting.understanding.text import blank
from callwaiting.understanding.times import Clock, Part, clocks_in, in_one_half, parts_in, readings
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
    """What was said about time. `rest` is the plain text with all of it blanked out."""

    date: date | None
    time: time | None
    period: Period | None
    doubtful: tuple[Slot, ...]
    candidates: dict[Slot, tuple[str, ...]]
    rest: str


def when(plain: str, today: Today, asked: Slot | None) -> When:
    """The day, time and interval that are meant. `asked` decides what a bare number is."""
    mentions = days_in(plain, today)
    rest = plain
    for mention in mentions:
        rest = blank(rest, mention.start, mention.end)
    weeks = weeks_in(rest, today)
    for mention in weeks:
        rest = blank(rest, mention.start, mention.end)
    day, days_period, day_readings = _day(plain, mentions, weeks)
    if asked is Slot.DATE and not mentions and not weeks:
        day, day_readings, rest = _bare_day(rest, today)
    parts = parts_in(plain, rest)
    clocks = _strong(rest, clocks_in(rest), parts, asked)
    for clock in clocks:
        rest = blank(rest, clock.start, clock.end)
    at, times_period, time_readings = _time(plain, clocks, parts)
    if day is not None and weeks and not any(each.days[0] <= day <= (each.last or day) for each in weeks):
        day_readings = (*day_readings, weeks[-1].days[0])  # `the first week of October on Friday`
    if day is not None and at is not None and _may_be_after_midnight(plain, at):
        day_readings = (day, day + timedelta(days=1))
    unread = day is not None and UNREAD_DAY.search(rest) is not None  # `the 15th` in words that no rule knows
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
    if unread and Slot.DATE not in doubtful:
        doubtful = (Slot.DATE, *doubtful)
    return When(day, at, period, doubtful, candidates, rest)


def _may_be_after_midnight(plain: str, at: time) -> bool:
    """`Tonight at one`, `this afternoon at 12`: by the calendar it may be the next day."""
    if at < SMALL_HOURS and re.search(r"\b(?:to[- ]?night|evening|night|mid-?night)\b", plain):
        return True
    return at == time(12) and re.search(r"\b(?:afternoon|evening|night)\b", plain) is not None


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
    if len(days) > 1 or any(not each.gone and not (day and each.days) for each in mentions):
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


def _bare_day(rest: str, today: Today) -> tuple[date | None, tuple[date, ...], str]:
    """The answer `20` to the question for a date."""
    bare = BARE_DAY.fullmatch(rest)
    found = next_month_day(today.day, int(bare[1])) if bare and 1 <= int(bare[1]) <= 31 else None
    if found is None:
        return None, (), rest
    return found, (found,), re.sub(r"\b\d{1,2}\b", "_", rest)


def _day(plain: str, mentions: list[Days], weeks: list[Days]) -> tuple[date | None, Period | None, tuple[date, ...]]:
    """The day meant, the interval of days, and all readings of the day."""
    said = [each for each in mentions if each.days and not each.gone]
    denied = [each for each in said if _is_denied(plain, each)]
    said = [each for each in said if each not in denied] if len(said) > len(denied) else []
    if denied and not said:
        return None, None, ()
    ranged = _range(plain, said)
    said = [each for each in said if each.instant is None] or said
    if ranged:
        first, last = ranged
        if CHANGE.search(plain[: first.start]):
            return last.days[0], None, last.days
        besides = [day for each in said if each.end <= first.start or each.start >= last.end for day in each.days[:1]]
        return first.days[0], Period(first.days[0], last.days[0]), tuple(dict.fromkeys((*first.days, *besides)))
    if not said:
        gone = [each.days[0] for each in mentions if each.gone and each.days and not DEED.search(plain)]
        if not weeks:
            return (gone[-1], None, tuple(gone[-1:])) if gone else (None, None, ())
        week = weeks[-1]
        return None, Period(week.days[0], week.last), ()
    first, last = said[0], said[-1]
    common = [day for day in first.days if all(day in each.days for each in said)]
    if common:
        readings_left = (*first.days, *_or_number(plain, first)) if len(said) == 1 else tuple(common)
        return common[0], _open(plain, said[0], common[0]), readings_left
    before = plain[: last.start]
    between = plain[first.end : last.start]
    if re.search(r"\bor\b", plain[said[-2].end : last.start]):
        everything = tuple(dict.fromkeys(day for each in said for day in each.days))
        return first.days[0], None, everything
    changed = CHANGE.search(before) and re.search(r"\bto (?:be )?(?:on )?(?:the )?$", before)
    if changed or CORRECTION.search(between):
        return last.days[0], None, last.days
    return first.days[0], None, tuple(dict.fromkeys(day for each in said for day in each.days))


def _is_denied(plain: str, mention: Days) -> bool:
    """Whether this is the day that it shall not be."""
    of = OF.match(plain[mention.start :])
    before = plain[: mention.start] + (of[0] if of else "")
    return NOT.search(before) is not None or RULED_OUT.match(plain[mention.end :]) is not None


def _open(plain: str, mention: Days, day: date) -> Period | None:
    """`after Tuesday`, `until the 9th`: an interval with one end."""
    before = plain[: mention.start]
    if re.search(r"\b(?:not?|never) (?:before|sooner than|earlier than)(?: the)? ?$", before):
        return Period(day, None)
    if re.search(r"\b(?:until|till|til|before|by|no later than)(?: the)? ?$", before):
        return Period(None, day)
    return Period(day, None) if re.search(r"\b(?:after|any ?time from|no earlier than)(?: the)? ?$", before) else None


def _or_number(plain: str, mention: Days) -> tuple[date, ...]:
    """`April 3 or 4`, `3 or 4 April`: the other day of the same month."""
    behind, before = OR_BEHIND.match(plain[mention.end :]), OR_BEFORE.search(plain[: mention.start])
    other = behind or before
    if other is None or not mention.month_said:
        return ()
    found = day_of(mention.days[0].year, mention.days[0].month, int(other[1]))
    return (found,) if found else ()


def _number_range(plain: str, first: Days) -> tuple[Days, Days] | None:
    """`November 18 to 19`: the second end is a number of the same month."""
    match = NUMBER_BEHIND.match(plain[first.end :]) if first.month_said else None
    if match is None or (match[1] == "and" and not re.search(r"\bbetween (?:the )?$", plain[: first.start])):
        return None
    begin = first.days[0]
    end = day_of(begin.year, begin.month, int(match[2]))
    return (
        (first, replace(first, start=first.end, end=first.end + match.end(), days=(end,)))
        if end and end > begin
        else None
    )


def _range(plain: str, said: list[Days]) -> tuple[Days, Days] | None:
    """The two ends of an interval of days, the month of one carried over to the other."""
    for only in said:
        if ends := _number_range(plain, only):
            return ends
    for first, second in pairwise(said):
        link = plain[first.end : second.start]
        between = re.search(r"\bbetween (?:the )?$", plain[: first.start]) and re.fullmatch(r" ?and (?:the )?", link)
        if not (between or THROUGH.match(link) or LEAVING.search(link)):
            continue
        begin, end = first.days[0], second.days[0]
        if first.bare and second.month_said and not first.month_said:
            begin = day_of(end.year, end.month, first.bare) or begin
        elif second.bare and not second.month_said:
            end = next_month_day(begin, second.bare) or end
        elif end < begin and not second.month_said:  # Wednesday until Saturday
            end = begin + timedelta(days=(end.weekday() - begin.weekday()) % 7 or 7)
        if end >= begin:
            more = tuple(day for day in first.days[1:] if day <= end and not first.bare)
            return (
                Days(first.start, first.end, (begin, *more)),
                Days(second.start, second.end, (end, *(day for day in second.days if day != end and not second.bare))),
            )
    return None


def _strong(plain: str, clocks: list[Clock], parts: list[Part], asked: Slot | None) -> list[Clock]:
    """The mentions that are times: a bare number only beside a word that makes it one, or as the answer."""
    kept: list[Clock] = []
    for clock in clocks:
        before, after = plain[: clock.start], plain[clock.end :]
        if not clock.weak:
            kept.append(clock)
            continue
        if NO_TIME_AFTER.match(after) or PEOPLE_BEFORE.search(before) or clock.hour > 24:
            continue
        if FROM_SO_MANY.search(before) or (asked is Slot.PARTY_SIZE and not AT.search(before)):
            continue
        long = clock.end - clock.start == 4
        ranged = any(
            (not other.weak or (long and other.end - other.start == 4))
            and re.fullmatch(r" ?(?:-|to|until|till|and) ?", plain[clock.end : other.start])
            for other in clocks
            if other.start > clock.end
        ) or (kept and re.fullmatch(r" ?(?:-|to|until|till|and) ?", plain[kept[-1].end : clock.start]))
        parted = clock.hour != 1 and any(
            re.match(r"^ ?(?:in the |at |this )?$", plain[clock.end : part.start])
            for part in parts
            if part.start >= clock.end
        )
        beside = bool(TIME_BEFORE.search(before))
        beside = beside or (not before.strip() and re.match(r" ?_", after) is not None)
        answer = asked is Slot.TIME and not FOR_PEOPLE.search(before) and all(other.weak for other in clocks)
        beside = beside or bool(kept and (CORRECTED.search(before) or (CHANGE.search(before) and TO.search(before))))
        if ranged or beside or (parted and not long) or answer:
            kept.append(clock)
    return sorted([*kept, *_beside_a_time(plain, clocks, kept)], key=lambda clock: clock.start)


def _beside_a_time(plain: str, clocks: list[Clock], kept: list[Clock]) -> list[Clock]:
    """Bare numbers that a time makes one: `6 or 6:30`, `8 rather than 7 pm`, `7 till 9 tonight`."""
    return [
        clock
        for clock in clocks
        if clock not in kept
        and clock.hour <= 24
        and not NO_TIME_AFTER.match(plain[clock.end :])
        and not PEOPLE_BEFORE.search(plain[: clock.start])
        and any(
            BESIDE_A_TIME.fullmatch(plain[min(clock.end, other.end) : max(clock.start, other.start)]) for other in kept
        )
    ]


def _later(begin: time, lasting: re.Match[str]) -> time:
    """The end of something that begins then and lasts so long."""
    minutes = 1 if lasting[1].startswith("a") else int(lasting[1])
    if lasting[2].startswith("h"):
        minutes = minutes * 60 + (30 if "half" in lasting[0] else int(lasting[3] or 0))
    return (datetime.combine(date.min, begin) + timedelta(minutes=minutes)).time()


def _time(plain: str, clocks: list[Clock], parts: list[Part]) -> tuple[time | None, Period | None, tuple[time, ...]]:
    """The time meant, the interval of the day, and all readings of the time."""
    said = [each for each in clocks if readings(each, parts)]
    said = [each for each in said if not NOT.search(plain[: each.start])] or said
    if not said:
        return None, None, ()
    for first, second in pairwise(said):
        link = plain[first.end : second.start]
        between = re.search(r"\bbetween(?: the hours of)? ?$", plain[: first.start]) and re.fullmatch(
            r" ?(?:and|to|-) ?", link
        )
        bounded = re.search(r"\b(?:after|later than|from)(?: about)? ?$", plain[: first.start]) and re.fullmatch(
            r" ?,? ?(?:and|but)? ?(?:before|by|no later than|until) ?", link
        )
        if between or bounded or re.fullmatch(r" ?(?:-|to|until|till|til|through) ?", link):
            if CHANGE.search(plain[: first.start]) and not between:
                times = readings(second, parts)
                return times[0], None, times
            first = in_one_half(first, second)
            starts, ends = readings(first, parts), readings(second, parts)
            later = [end for end in ends if end > starts[0]]
            return starts[0], Period(starts[0], later[0] if later else ends[0]), starts
    first, last = said[0], said[-1]
    choices = [readings(each, parts) for each in said]
    if len({each[0].hour % 12 * 60 + each[0].minute for each in choices}) > 1:
        if re.search(r"\bor\b", plain[said[-2].end : last.start]):
            everything = tuple(dict.fromkeys(each for times in choices for each in times))
            return choices[0][0], None, everything
        changed = CHANGE.search(plain[: last.start]) and TO_ANOTHER.search(plain[: last.start])
        if changed or CORRECTION.search(plain[first.end : last.start]):
            return choices[-1][0], None, choices[-1]
        everything = tuple(dict.fromkeys(times[0] for times in choices))
        return choices[0][0], None, everything
    times = min(choices, key=len)
    if lasting := LASTING.search(plain):
        return times[0], Period(times[0], _later(times[0], lasting)), times
    before = plain[: first.start]
    bound = BOUND.search(before)
    if bound and bool(bound["not"]) != bool(bound["until"]):
        return times[0], Period(None, times[0]), times
    if bound:
        return times[0], Period(times[0], None), times
    return times[0], None, times
