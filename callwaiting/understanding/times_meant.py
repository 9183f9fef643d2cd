"""Which of the times of an utterance is meant, or which hours; and which bare numbers are times."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from callwaiting.understanding.moment_words import (
    AT,
    BESIDE_A_TIME,
    BOUND,
    CHANGE,
    CORRECTED,
    CORRECTION,
    FOR_A_PARTY,
    FOR_PEOPLE,
    FROM_SO_MANY,
    HOURS_OF_A_DAY,
    LASTING,
    NO_TIME_AFTER,
    NOT,
    PARTY_OF,
    PEOPLE_BEFORE,
    TIME_BEFORE,
    TO,
    TO_ANOTHER,
)
from callwaiting.understanding.result import Period, Slot
from callwaiting.understanding.times import Clock, Part, in_one_half, readings


def _fits_its_part(hour: int, after: str) -> bool:
    """`7 in the evening` is a time, and in `for two in the morning` it is no hour at which anybody comes."""
    part = re.match(r" in the (morning|afternoon|evening)\b", after)
    usual = {"morning": range(6, 12), "afternoon": (12, *range(1, 6)), "evening": range(5, 12)}
    return part is not None and hour in usual[part[1]]


def may_be_a_party(plain: str, clocks: list[Clock]) -> tuple[int, ...]:
    """The number that `a table for 5 in the evening` may mean as well as a time, or nothing."""
    return tuple(
        clock.hour
        for clock in clocks
        if clock.weak and FOR_A_PARTY.search(plain[: clock.start]) and _fits_its_part(clock.hour, plain[clock.end :])
    )


def strong(plain: str, clocks: list[Clock], parts: list[Part], asked: Slot | None) -> list[Clock]:
    """The mentions that are times: a bare number only beside a word that makes it one, or as the answer."""
    kept: list[Clock] = []
    hours = [match.span() for match in HOURS_OF_A_DAY.finditer(plain)]
    for clock in clocks:
        before, after = plain[: clock.start], plain[clock.end :]
        if not clock.weak:
            kept.append(clock)
            continue
        in_the = (
            _fits_its_part(clock.hour, after)
            and not PARTY_OF.search(before)
            and not any(
                other.start != clock.start and (not other.weak or AT.search(plain[: other.start])) for other in clocks
            )
        )
        if NO_TIME_AFTER.match(after) or (PEOPLE_BEFORE.search(before) and not in_the) or clock.hour > 24:
            continue
        if FROM_SO_MANY.search(before) or (asked is Slot.PARTY_SIZE and not AT.search(before)):
            continue
        long = clock.end - clock.start == 4
        ranged = any(
            (not other.weak or (long and other.end - other.start == 4))
            and re.fullmatch(r" ?(?:-|to|until|till|and) ?", plain[clock.end : other.start])
            for other in clocks
            if other.start > clock.end
        ) or any(start <= clock.start < end for start, end in hours)
        ranged = ranged or bool(
            kept and re.fullmatch(r" ?(?:-|to|until|till|and) ?", plain[kept[-1].end : clock.start])
        )
        for_so_many = before.endswith("for ") and not PEOPLE_BEFORE.search(before)
        parted = (in_the or not for_so_many) and any(
            re.match(
                " in the $" if clock.hour == 1 or for_so_many else "^ ?(?:in the |at |this )?$",
                plain[clock.end : part.start],
            )
            for part in parts
            if part.start >= clock.end
        )
        spoken_of = clock.hour == 1 and asked is not Slot.TIME and re.search(r"\b(?:what about|maybe|do|try) $", before)
        beside = bool(TIME_BEFORE.search(before) and not spoken_of) or any(
            re.fullmatch(r" (?:at |around )?", plain[part.end : clock.start])
            for part in parts
            if part.end < clock.start
        )
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


def time_meant(
    plain: str, clocks: list[Clock], parts: list[Part]
) -> tuple[time | None, Period | None, tuple[time, ...]]:
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
