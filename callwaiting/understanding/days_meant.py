"""Which of the days of an utterance is meant, or which stretch of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from callwaiting.understanding.days import Days, Today, day_of, next_month_day
from callwaiting.understanding.moment_words import (
    BARE_DAY,
    BEGINNING,
    CHANGE,
    CORRECTION,
    DEED,
    LEAVING,
    NOT,
    NUMBER_BEHIND,
    OF,
    OR_BEFORE,
    OR_BEHIND,
    RULED_OUT,
    THROUGH,
)
from callwaiting.understanding.result import Period


def bare_day(rest: str, today: Today) -> tuple[date | None, tuple[date, ...], str]:
    """The answer `20` to the question for a date."""
    bare = BARE_DAY.fullmatch(rest)
    found = next_month_day(today.day, int(bare[1])) if bare and 1 <= int(bare[1]) <= 31 else None
    if found is None:
        return None, (), rest
    return found, (found,), re.sub(r"\b\d{1,2}\b", "_", rest)


def day_meant(
    plain: str, mentions: list[Days], weeks: list[Days]
) -> tuple[date | None, Period | None, tuple[date, ...]]:
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
        backwards = LEAVING.search(plain[: first.start]) and BEGINNING.search(link)  # `until Friday, from the 3rd`
        if not (between or backwards or THROUGH.match(link) or LEAVING.search(link)):
            continue
        begin, end = first.days[0], second.days[0]
        if backwards:
            if end <= begin:
                return second, first
            continue
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
