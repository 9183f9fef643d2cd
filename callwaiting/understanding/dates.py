"""What the ways of saying a day mean, each with all days it may mean; the patterns are in `date_rules`.

A day without a year is the next one from today. Where people mean different days by the same words (`next Friday`,
5/6, a weekday that does not fit the number) the mention carries each, the likeliest first.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from callwaiting.understanding.calendar_words import month_of, weekday_of
from callwaiting.understanding.counted_days import read_gone
from callwaiting.understanding.days import Days, Match, Today, day_of, mention, nearest, next_month_day, plus_months
from callwaiting.understanding.feasts import feasts_on, nth_weekday

SHORT_WORDS = ("sat", "sun", "wed")  # also other words, when they stand alone
BEFORE_A_SHORT_DAY = re.compile(
    r"(?:^|\b(?:for|from|to|until|till|by|after|or|and|in|out|arriving|arrive|come|coming|leave|leaving)|[,/]) ?$"
)
BEHIND_A_SHORT_DAY = re.compile(
    r" ?(?:$|[.,?!]|\d|(?:at|around|about|after|before|by) (?:\d|noon|midday|lunch)|from \d|in the|"
    r"(?:please|no later|quarter|half|any ?time|between|late|early|morning|afternoon|evening|night|lunch|dinner|for|"
    r"just|party|if|or|works|would|is)\b)"
)
COUNTING = re.compile(r"\b(?:at|for|of|past|to|by|before|after|until|till|around|about|and|or|\d{1,2}) $")
ITS_OWN_DAY = re.compile(r" \d{1,2}\b(?!\d|[:.]\d| [0-5]\d\b| ?(?:[ap]\.?m|o'? ?clock|people|persons|guests|of us))")
MAY_BE = re.compile(r" ?(?:be|not|have|i|we|ask|take|want|need|come|also|even|still|go|\w+ (?:a|the|to))\b")
LAST_HOUR = 12
FARTHEST_YEAR, EARLIEST_YEAR = 2100, 1900


def read_unsaid(match: Match, today: Today) -> Days:
    """Something that speaks of a day without saying which."""
    return mention(match)


def _year(said: str | None, today: Today) -> int | None:
    if not said:
        return None
    if "year" in said:
        return today.day.year + ("next" in said)
    digits = re.sub(r"\D", "", said)
    return 2000 + int(digits) if len(digits) == 2 else int(digits)


def read_day_of_month(match: Match, today: Today) -> Days | None:
    """A day of a named or numbered month, with or without year and weekday."""
    month, day = month_of(match["month"]), int(match["day"])
    if match["month"] == "may" and MAY_BE.match(match.string[match.end() :]):
        return None
    before, behind = match.string[: match.start()], match.string[match.end("month") :]
    if match.start("day") < match.start("month") and ITS_OWN_DAY.match(behind) and COUNTING.search(before):
        return None  # `for two April 3`
    year = _year(match["year"], today)
    weekday = weekday_of(match["weekday"]) if match["weekday"] else None
    return mention(match, *_settled(today, year, month, day, weekday), month_said=True)


def _settled(today: Today, year: int | None, month: int, day: int, weekday: int | None) -> list[date]:
    if year is not None:
        found = day_of(year, month, day) if EARLIEST_YEAR <= year <= FARTHEST_YEAR else None
        wrong = found is not None and weekday is not None and found.weekday() != weekday
        return [] if found is None else [found, *nearest(found, weekday)] if wrong else [found]
    ahead = [day_of(today.day.year + years, month, day) for years in range(9)]
    coming = [found for found in ahead if found is not None and found >= today.day]
    if not coming or weekday is None or coming[0].weekday() == weekday:
        return coming[:1]
    return [coming[0], *nearest(coming[0], weekday)]


def read_numeric(match: Match, today: Today) -> Days | None:
    """5/6 and 5/6/2027: the order of day and month follows the country, and is in doubt where both could be."""
    first, second = int(match["first"]), int(match["second"])
    weekday = weekday_of(match["weekday"]) if match["weekday"] else None
    year = _year(match["year"], today)
    orders = [(first, second), (second, first)] if today.month_first else [(second, first), (first, second)]
    if match["dot"] == "." and first != second:
        orders = [(second, first), (first, second)]
    if match[0].endswith("."):
        orders = [(second, first)]  # `12.3.` is written where the day comes first
    readings = [
        found[0]
        for month, day in dict.fromkeys(orders)
        if 1 <= month <= 12 and (found := _settled(today, year, month, day, None))
    ]
    if not readings:
        return None if match["year"] is None else mention(match)
    fitting = [day for day in readings if weekday is None or day.weekday() == weekday]
    if weekday is not None and not fitting and year is None:
        return mention(match, *readings, *nearest(readings[0], weekday), month_said=True)
    return mention(match, *(fitting or readings), month_said=True)


def read_weekday_and_numeric(match: Match, today: Today) -> Days | None:
    """`Monday 19.06`: a day only if it is one; else the number is a time."""
    found = read_numeric(match, today)
    fits = found is not None and any(day.weekday() == weekday_of(match["weekday"]) for day in found.days)
    return found if fits else None


def read_iso(match: Match, today: Today) -> Days:
    return mention(match, day_of(int(match[1]), int(match[2]), int(match[3])), month_said=True)


def read_weekday_and_number(match: Match, today: Today) -> Days | None:
    """`Tuesday the 18th`: the next 18th if it is a Tuesday, else in doubt with the next one that is."""
    weekday, day = weekday_of(match["weekday"]), int(match["day"])
    if match["year"]:
        year = _year(match["year"], today) or 0
        found = [day_of(year, month, day) for month in range(1, 13)]
        return mention(match, *(each for each in found if each is not None and each.weekday() == weekday))
    coming = next_month_day(today.day, day)
    if coming is None or coming.weekday() == weekday:
        return mention(match, coming, bare=day)
    if day <= LAST_HOUR and match[0][-1].isdigit():
        return None  # `Saturday 8` is an hour where it cannot be the day
    later: date | None = coming
    while later is not None and later.weekday() != weekday and (later - coming).days < 400:
        later = next_month_day(later + timedelta(days=1), day)
    return mention(match, later, coming, bare=day)


def read_number(match: Match, today: Today) -> Days | None:
    """`the 21st`, `the 5th of next month`, `20 of this month`."""
    day, month = int(match["day"]), match["month"] or ""
    if "last" in month or "previous" in month:
        return read_gone(match, today)
    if month and "the month" not in month:
        base = plus_months(today.day.replace(day=1), 0 if "this" in month or "current" in month else 1)
        return mention(match, day_of(base.year, base.month, day), month_said=True)
    return mention(match, next_month_day(today.day, day) if 1 <= day <= 31 else None, bare=day)


def read_weekday(match: Match, today: Today) -> Days | None:
    """`Friday`, `this Friday`, `next Friday`: where the coming one and that of the next week differ, both."""
    weekday, said, before = weekday_of(match["weekday"]), match["which"] or "", match.string[: match.start()]
    ahead = (weekday - today.day.weekday()) % 7
    coming = today.day + timedelta(days=ahead or 7)
    monday = today.day - timedelta(days=today.day.weekday())
    following = monday + timedelta(days=7 + weekday)
    if re.search(r"last|previous|past", said):
        past = today.day - timedelta(days=(today.day.weekday() - weekday) % 7 or 7)
        return Days(match.start(), match.end(), (past,), gone=True)
    if match["weekday"] in SHORT_WORDS and said.strip() == "the":
        return None
    if match["weekday"] in SHORT_WORDS and not (
        said
        or BEFORE_A_SHORT_DAY.search(before)
        or (
            BEHIND_A_SHORT_DAY.match(match.string[match.end() :])
            and not re.search(r"\b(?:i|we|they|you|s?he) $", before)
        )
    ):
        return None
    after = match["after"] or ""
    if "after next" in after:
        return mention(match, following + timedelta(days=7), coming + timedelta(days=7))
    if after.startswith(" after"):
        return mention(match, coming + timedelta(days=7), coming)
    if "this" in after:
        return mention(match, monday + timedelta(days=weekday))
    if "next" in after or "following" in after:
        return mention(match, following)
    if after:  # Friday week
        return mention(match, coming + timedelta(days=7))
    if "next" in said:
        return mention(match, following, coming)
    if "following" in said:
        return mention(match, coming, following)
    if "coming" in said:
        return mention(match, coming)
    if "this" in said and not ahead:
        return mention(match, today.day, coming)
    return mention(match, coming) if ahead else mention(match, coming, today.day)


def read_nth_of_month(match: Match, today: Today) -> Days:
    """`the first Friday of October`, `the last Monday of next month`."""
    nth = -1 if match["nth"] == "last" else int(re.sub(r"\D", "", match["nth"]))
    weekday, month = weekday_of(match["weekday"]), match["month"]
    if "month" in month:
        base = plus_months(today.day.replace(day=1), int("next" in month))
        return mention(match, nth_weekday(base.year, base.month, weekday, nth), month_said=True)
    year = _year(match["year"], today)
    years = [year] if year else [today.day.year, today.day.year + 1]
    found = [nth_weekday(each, month_of(month), weekday, nth) for each in years]
    coming = [day for day in found if day is not None and (year or day >= today.day)]
    return mention(match, *coming[:1], month_said=True)


def read_last_day(match: Match, today: Today) -> Days:
    """`the last day of March`, `of this month`."""
    month = match["month"]
    if "month" in month:
        base = plus_months(today.day.replace(day=1), int("next" in month))
        return mention(match, plus_months(base, 1) - timedelta(days=1), month_said=True)
    year = _year(match["year"], today)
    ends = [
        plus_months(date(each, month_of(month), 1), 1) - timedelta(days=1)
        for each in ([year] if year else [today.day.year, today.day.year + 1])
        if EARLIEST_YEAR <= each <= FARTHEST_YEAR
    ]
    return mention(match, *[day for day in ends if year or day >= today.day][:1], month_said=True)


def read_feast(match: Match, today: Today) -> Days:
    name, said = match["feast"], match["which"] or ""
    if "last" in said:
        return read_gone(match, today)
    year = _year(match["year"], today)
    if year is not None:
        found = feasts_on(name, year, today.country) if EARLIEST_YEAR <= year <= FARTHEST_YEAR else []
        return mention(match, *found, month_said=True)
    both = zip(*(feasts_on(name, today.day.year + years, today.country) for years in (0, 1)), strict=True)
    return mention(match, *(this if this >= today.day else following for this, following in both), month_said=True)
