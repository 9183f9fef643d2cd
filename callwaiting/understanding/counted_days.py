"""Days counted from today, from now, or from a day that is named: `tomorrow`, `in an hour`, `two weeks from Friday`."""

from __future__ import annotations

import re
from datetime import UTC, date, timedelta

from callwaiting.understanding.calendar_words import weekday_of
from callwaiting.understanding.days import Days, Match, Today, mention, nearest, plus_months

COMING = re.compile(
    r"\b(?:come|coming|arrive|arriving|be|get|make it|run|running|mov\w+|push\w*|start\w*)\b[^,.]{0,25}$"
)


A_PLACE = re.compile(
    r"\b(?:tables?|free|available|availability|open(?:ings?)?|seats?|space|room for|have room|spots?|walk in|come|"
    r"coming|get in|meet|slots?|squeeze|fit|outside|way over|for \d{1,2})\b"
)


SERVED = re.compile(
    r"\b(?:help(?:ed)?|assistance|all|all (?:i|we) (?:need|want)(?:ed)?|that is (?:it|everything)|nothing(?: else)?|"
    r"job|service)(?: (?:to|from) (?:me|you))?(?: for)? $"
)


NOT_YET = re.compile(r"\b(?:for|not|all|done|good|that is it|bye)(?: \w+){0,2} ?$")


def read_gone(match: Match, today: Today) -> Days:
    """A day in the past: `yesterday`, `three days ago`; of a last week or month none is named."""
    word = match[0]
    ago = re.match(r"(\d{1,3}|an?) ([a-z]+?)s? (?:ago|earlier)$", word)
    if ago:
        past = _counted(today.day, -read_count(ago[1]), ago[2])
        return Days(match.start(), match.end(), () if past is None else (past,), gone=True)
    days = 2 if "before yesterday" in word else 1 if "yesterday" in word or "night" in word else 0
    return Days(match.start(), match.end(), (today.day - timedelta(days=days),) if days else (), gone=True)


def read_hours_and_minutes(match: Match, today: Today) -> Days:
    """`In an hour and 20 minutes`."""
    hours, minutes = match["hours"] or match["hours2"], match["minutes"] or match["minutes2"]
    return read_from_now(match, today, timedelta(hours=read_count(hours), minutes=int(minutes)))


def read_spoken(match: Match, today: Today) -> Days | None:
    """`Today`, `tomorrow`, `tonight`; but nothing of `thanks for all your help today`."""
    word = match[0]
    if word == "today" and SERVED.search(match.string[: match.start()]):
        return None
    days = 2 if "day after" in word else 0 if word.startswith(("today", "tonight", "to night", "this")) else 1
    return mention(match, today.day + timedelta(days=days))


def read_count(said: str) -> int:
    return 1 if said in ("a", "an", "next", "the next", "another") or not said.isdigit() else int(said)


def read_ahead(match: Match, today: Today) -> Days | None:
    """`in 3 days`, `2 weeks from Friday`, `in an hour`: counted from now or from a day that is named."""
    groups = match.groupdict()
    count, unit = read_count(match["count"]), match["unit"].rstrip("s")
    if groups.get("anchor") not in (None, "now", "today") and re.search(
        r"\bfor (?:about )?$", match.string[: match.start()]
    ):
        return None  # `for six days from Tuesday`
    if unit in ("minute", "min", "hour", "hr", "h"):
        return read_from_now(match, today, timedelta(minutes=count) if unit.startswith("m") else timedelta(hours=count))
    base = today.day
    anchor = groups.get("anchor") or ""
    if anchor.startswith(("tom", "2m", "tmr")):
        base += timedelta(days=1)
    elif anchor and not anchor.startswith(("today", "now", "tonight")):
        base += timedelta(days=(weekday_of(anchor.removeprefix("this ").removeprefix("next ")) - base.weekday()) % 7)
    day = _counted(base, count, unit)
    if day is not None and anchor.startswith("next ") and (base - today.day).days < 7 - today.day.weekday():
        return mention(match, day + timedelta(days=7), day)
    weekday = groups.get("weekday")
    if day is None or not weekday:
        return mention(match, day)
    wanted = weekday_of(weekday)
    if unit in ("week", "wk", "fortnight"):
        return mention(match, day + timedelta(days=wanted - day.weekday()))
    if unit == "day":
        return mention(match, *nearest(day, wanted), *(() if day.weekday() == wanted else (day,)))
    return mention(match, day + timedelta(days=(wanted - day.weekday()) % 7))


def _counted(base: date, count: int, unit: str) -> date | None:
    try:
        if unit in ("month", "year"):
            return plus_months(base, count * (12 if unit == "year" else 1))
        return base + timedelta(days=count * {"week": 7, "wk": 7, "fortnight": 14}.get(unit, 1))
    except (OverflowError, ValueError):
        return None


def read_from_now(match: Match, today: Today, ahead: timedelta) -> Days:
    at = (today.now.astimezone(UTC) + ahead).astimezone(today.now.tzinfo)
    return mention(match, at.date(), instant=at)


def read_now(match: Match, today: Today) -> Days | None:
    """`Now`, where it is when to come, and not `that is all for now`, `I will book it now`."""
    around = match.string[: match.start()] + match.string[match.end() :]
    wanted = A_PLACE.search(around) or not re.sub(
        r"\b(?:right|please|as soon as possible|thanks?|yes)\b|\W", "", around
    )
    return (
        read_from_now(match, today, timedelta())
        if wanted and not NOT_YET.search(match.string[: match.start()])
        else None
    )


def read_part_of_hour(match: Match, today: Today) -> Days:
    """`in half an hour`, `in three quarters of an hour`."""
    minutes = 45 if "3" in match[0] else 15 if "quarter" in match[0] else 30
    return read_from_now(match, today, timedelta(minutes=minutes))


def read_half_hours(match: Match, today: Today) -> Days:
    """`In an hour and a half`, `in 2.5 hours`."""
    return read_from_now(match, today, timedelta(hours=read_count(match["hours"]), minutes=30))


def read_delay(match: Match, today: Today) -> Days | None:
    """`Can we come ten minutes later`: later than what was agreed, not than now."""
    return mention(match) if COMING.search(match.string[: match.start()]) else None


def read_upcoming(match: Match, today: Today) -> Days:
    """`upcoming two days`: the second from now, or the stretch until then."""
    count = int(match["count"] or match["count2"])
    return mention(match, today.day + timedelta(days=count), today.day + timedelta(days=1))


def read_weekdays_ahead(match: Match, today: Today) -> Days:
    """`three Tuesdays from now`."""
    count = min(read_count(match["count"]), 999)
    ahead = (weekday_of(match["weekday"]) - today.day.weekday()) % 7 or 7
    found = today.day + timedelta(days=ahead + 7 * (count - 1))
    return mention(match, found, *(() if count == 1 else (found + timedelta(days=7),)))  # the coming one, or after it
