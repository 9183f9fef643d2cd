"""What the ways of saying a day mean, each with all days it may mean; the patterns are in `date_rules`.

A day without a year is the next one from today. Where people mean different days by the same words (`next Friday`,
5/6, a weekday that does not fit the number) the mention carries each, the likeliest first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from callwaiting.understanding.calendar_words import month_of, weekday_of
from callwaiting.understanding.feasts import feast_on, nth_weekday

Match = re.Match[str]
MONTH_FIRST = ("America/", "US/", "Pacific/Honolulu", "Etc/", "UTC", "GMT")
SHORT_WORDS = ("sat", "sun", "mon", "wed", "fri")  # also other words, when they stand alone
MAY_BE = re.compile(r" ?(?:be|not|have|i|we|ask|take|want|need|come|also|even|still|go|\w+ (?:a|the|to))\b")
COMING = re.compile(
    r"\b(?:come|coming|arrive|arriving|be|get|make it|run|running|mov\w+|push\w*|start\w*)\b[^,.]{0,25}$"
)
LAST_HOUR = 12
FARTHEST_YEAR, EARLIEST_YEAR = 2100, 1900


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
    """The clock of the business: its local time, aware, and whether 5/6 is the 6th of May."""

    now: datetime
    month_first: bool

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


def _mention(match: Match, *days: date | None, **more: object) -> Days:
    known = tuple(dict.fromkeys(day for day in days if day is not None))
    return Days(match.start(), match.end(), known, **more)  # type: ignore[arg-type]  # keywords of Days


def read_gone(match: Match, today: Today) -> Days:
    """A day in the past: `yesterday`, `three days ago`; of a last week or month none is named."""
    word = match[0]
    ago = re.match(r"(\d{1,3}|an?) ([a-z]+?)s? (?:ago|earlier)$", word)
    if ago:
        past = _counted(today.day, -read_count(ago[1]), ago[2])
        return Days(match.start(), match.end(), () if past is None else (past,), gone=True)
    days = 2 if "before yesterday" in word else 1 if "yesterday" in word or "night" in word else 0
    return Days(match.start(), match.end(), (today.day - timedelta(days=days),) if days else (), gone=True)


def read_unsaid(match: Match, today: Today) -> Days:
    """Something that speaks of a day without saying which."""
    return _mention(match)


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
    year = _year(match["year"], today)
    weekday = weekday_of(match["weekday"]) if match["weekday"] else None
    return _mention(match, *_settled(today, year, month, day, weekday), month_said=True)


def _settled(today: Today, year: int | None, month: int, day: int, weekday: int | None) -> list[date]:
    if year is not None:
        found = day_of(year, month, day) if EARLIEST_YEAR <= year <= FARTHEST_YEAR else None
        wrong = found is not None and weekday is not None and found.weekday() != weekday
        return [] if found is None else [found, *_nearest(found, weekday)] if wrong else [found]
    ahead = [day_of(today.day.year + years, month, day) for years in range(9)]
    coming = [found for found in ahead if found is not None and found >= today.day]
    if not coming or weekday is None or coming[0].weekday() == weekday:
        return coming[:1]
    return [coming[0], *_nearest(coming[0], weekday)]


def _nearest(day: date, weekday: int | None) -> list[date]:
    if weekday is None:
        return []
    ahead = (weekday - day.weekday()) % 7
    return [day + timedelta(days=ahead if ahead <= 3 else ahead - 7)]


def read_numeric(match: Match, today: Today) -> Days | None:
    """5/6 and 5/6/2027: the order of day and month follows the country, and is in doubt where both could be."""
    first, second = int(match["first"]), int(match["second"])
    weekday = weekday_of(match["weekday"]) if match["weekday"] else None
    year = _year(match["year"], today)
    orders = [(first, second), (second, first)] if today.month_first else [(second, first), (first, second)]
    if match["dot"] == "." and first != second:
        orders = [(second, first), (first, second)]
    readings = [
        found[0]
        for month, day in dict.fromkeys(orders)
        if 1 <= month <= 12 and (found := _settled(today, year, month, day, None))
    ]
    if not readings:
        return None if match["year"] is None else _mention(match)
    fitting = [day for day in readings if weekday is None or day.weekday() == weekday]
    if weekday is not None and not fitting and year is None:
        return _mention(match, *readings, *_nearest(readings[0], weekday), month_said=True)
    return _mention(match, *(fitting or readings), month_said=True)


def read_iso(match: Match, today: Today) -> Days:
    return _mention(match, day_of(int(match[1]), int(match[2]), int(match[3])), month_said=True)


def read_weekday_and_number(match: Match, today: Today) -> Days | None:
    """`Tuesday the 18th`: the next 18th if it is a Tuesday, else in doubt with the next one that is."""
    weekday, day = weekday_of(match["weekday"]), int(match["day"])
    if match["year"]:
        year = _year(match["year"], today) or 0
        found = [day_of(year, month, day) for month in range(1, 13)]
        return _mention(match, *(each for each in found if each is not None and each.weekday() == weekday))
    coming = next_month_day(today.day, day)
    if coming is None or coming.weekday() == weekday:
        return _mention(match, coming, bare=day)
    if day <= LAST_HOUR and match[0][-1].isdigit():
        return None  # `Saturday 8` is an hour where it cannot be the day
    later: date | None = coming
    while later is not None and later.weekday() != weekday and (later - coming).days < 400:
        later = next_month_day(later + timedelta(days=1), day)
    return _mention(match, later, coming, bare=day)


def read_number(match: Match, today: Today) -> Days | None:
    """`the 21st`, `the 5th of next month`, `20 of this month`."""
    day, month = int(match["day"]), match["month"] or ""
    if "last" in month or "previous" in month:
        return read_gone(match, today)
    if month and "the month" not in month:
        base = plus_months(today.day.replace(day=1), 0 if "this" in month or "current" in month else 1)
        return _mention(match, day_of(base.year, base.month, day), month_said=True)
    return _mention(match, next_month_day(today.day, day) if 1 <= day <= 31 else None, bare=day)


def read_spoken(match: Match, today: Today) -> Days:
    word = match[0]
    days = 2 if "day after" in word else 0 if word.startswith(("today", "tonight", "to night", "this")) else 1
    return _mention(match, today.day + timedelta(days=days))


def read_count(said: str) -> int:
    return 1 if said in ("a", "an", "next", "the next", "another") or not said.isdigit() else int(said)


def read_ahead(match: Match, today: Today) -> Days | None:
    """`in 3 days`, `2 weeks from Friday`, `in an hour`: counted from now or from a day that is named."""
    groups = match.groupdict()
    count, unit = read_count(match["count"]), match["unit"].rstrip("s")
    if groups.get("half"):
        if unit not in ("hour", "hr", "h"):
            return None
        return read_from_now(match, today, timedelta(hours=count, minutes=30))
    if unit in ("minute", "min", "hour", "hr", "h"):
        return read_from_now(match, today, timedelta(minutes=count) if unit.startswith("m") else timedelta(hours=count))
    base = today.day
    anchor = groups.get("anchor") or ""
    if anchor.startswith(("tom", "2m", "tmr")):
        base += timedelta(days=1)
    elif anchor and not anchor.startswith(("today", "now", "tonight", "this")):
        base += timedelta(days=(weekday_of(anchor.removeprefix("this ").removeprefix("next ")) - base.weekday()) % 7)
    day = _counted(base, count, unit)
    weekday = groups.get("weekday")
    if day is None or not weekday:
        return _mention(match, day)
    wanted = weekday_of(weekday)
    if unit in ("week", "wk", "fortnight"):
        return _mention(match, day + timedelta(days=wanted - day.weekday()))
    if unit == "day":
        return _mention(match, *_nearest(day, wanted), *(() if day.weekday() == wanted else (day,)))
    return _mention(match, day + timedelta(days=(wanted - day.weekday()) % 7))


def _counted(base: date, count: int, unit: str) -> date | None:
    try:
        if unit in ("month", "year"):
            return plus_months(base, count * (12 if unit == "year" else 1))
        return base + timedelta(days=count * {"week": 7, "wk": 7, "fortnight": 14}.get(unit, 1))
    except (OverflowError, ValueError):
        return None


def read_from_now(match: Match, today: Today, ahead: timedelta) -> Days:
    at = (today.now.astimezone(UTC) + ahead).astimezone(today.now.tzinfo)
    return _mention(match, at.date(), instant=at)


def read_part_of_hour(match: Match, today: Today) -> Days:
    """`in half an hour`, `in three quarters of an hour`."""
    minutes = 45 if "3" in match[0] else 15 if "quarter" in match[0] else 30
    return read_from_now(match, today, timedelta(minutes=minutes))


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
        said or re.search(r"(?:^|for|from|to|until|till|by|,|after|or|/) ?$", before)
    ):
        return None
    after = match["after"] or ""
    if "after next" in after:
        return _mention(match, following + timedelta(days=7), coming + timedelta(days=7))
    if after.startswith(" after"):
        return _mention(match, coming + timedelta(days=7), coming)
    if "this" in after:
        return _mention(match, monday + timedelta(days=weekday))
    if "next" in after or "following" in after:
        return _mention(match, following)
    if after:  # Friday week
        return _mention(match, coming + timedelta(days=7))
    if "next" in said:
        return _mention(match, following, coming)
    if "following" in said:
        return _mention(match, coming, following)
    if "this" in said and not ahead:
        return _mention(match, today.day)
    return _mention(match, coming) if ahead else _mention(match, coming, today.day)


def read_nth_of_month(match: Match, today: Today) -> Days:
    """`the first Friday of October`, `the last Monday of next month`."""
    nth = -1 if match["nth"] == "last" else int(re.sub(r"\D", "", match["nth"]))
    weekday, month = weekday_of(match["weekday"]), match["month"]
    if "month" in month:
        base = plus_months(today.day.replace(day=1), int("next" in month))
        return _mention(match, nth_weekday(base.year, base.month, weekday, nth), month_said=True)
    year = _year(match["year"], today)
    years = [year] if year else [today.day.year, today.day.year + 1]
    found = [nth_weekday(each, month_of(month), weekday, nth) for each in years]
    coming = [day for day in found if day is not None and (year or day >= today.day)]
    return _mention(match, *coming[:1], month_said=True)


def read_last_day(match: Match, today: Today) -> Days:
    """`the last day of March`, `of this month`."""
    month = match["month"]
    if "month" in month:
        base = plus_months(today.day.replace(day=1), int("next" in month))
        return _mention(match, plus_months(base, 1) - timedelta(days=1), month_said=True)
    year = _year(match["year"], today)
    ends = [
        plus_months(date(each, month_of(month), 1), 1) - timedelta(days=1)
        for each in ([year] if year else [today.day.year, today.day.year + 1])
        if EARLIEST_YEAR <= each <= FARTHEST_YEAR
    ]
    return _mention(match, *[day for day in ends if year or day >= today.day][:1], month_said=True)


def read_delay(match: Match, today: Today) -> Days | None:
    """`Can we come ten minutes later`: later than what was agreed, not than now."""
    return _mention(match) if COMING.search(match.string[: match.start()]) else None


def read_upcoming(match: Match, today: Today) -> Days:
    """`upcoming two days`: the second from now, or the stretch until then."""
    count = int(match["count"] or match["count2"])
    return _mention(match, today.day + timedelta(days=count), today.day + timedelta(days=1))


def read_weekdays_ahead(match: Match, today: Today) -> Days:
    """`three Tuesdays from now`."""
    ahead = (weekday_of(match["weekday"]) - today.day.weekday()) % 7 or 7
    return _mention(match, today.day + timedelta(days=ahead + 7 * (min(read_count(match["count"]), 999) - 1)))


def read_feast(match: Match, today: Today) -> Days:
    name, said = match["feast"], match["which"] or ""
    if "last" in said:
        return read_gone(match, today)
    year = _year(match["year"], today)
    if year is None:
        this = feast_on(name, today.day.year)
        return _mention(match, this if this >= today.day else feast_on(name, today.day.year + 1), month_said=True)
    return _mention(match, feast_on(name, year) if EARLIEST_YEAR <= year <= FARTHEST_YEAR else None, month_said=True)
