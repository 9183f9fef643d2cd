"""Stretches of days that have a name: next week, the weekend, the end of April, the next three days."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

from callwaiting.understanding.calendar_words import MONTH, month_of
from callwaiting.understanding.days import Days, Match, Today, plus_months
from callwaiting.understanding.text import blank

Stretch = tuple[date, date]


def weeks_in(plain: str, today: Today) -> list[Days]:
    """The mentions of whole stretches of days. `last` is included."""
    found: list[Days] = []
    rest = plain
    for pattern, reading in RULES:
        for match in pattern.finditer(rest):
            if match.groupdict().get("month") == "may" and re.match(r" [a-z]", rest[match.end() :]):
                continue
            first, last = _narrowed(match["part"] or "", *reading(match, today))
            found.append(Days(match.start(), match.end(), (first,), last=last))
            rest = blank(rest, match.start(), match.end())
    return sorted(found, key=lambda mention: mention.start)


def _narrowed(part: str, first: date, last: date) -> Stretch:
    """`end of` and `beginning of`: three days of a week, a third of a month."""
    days = 3 if (last - first).days < 14 else 10
    if "half" in part:
        middle = first + timedelta(days=14 if days == 10 else 2)
        return (first, middle) if "1st" in part else (middle + timedelta(days=1), last)
    if "1st week" in part:
        return first, first + timedelta(days=6)
    if "last week" in part:
        return last - timedelta(days=6), last
    if "end" in part or "late" in part:
        return (last - timedelta(days=days - 1) if days == 3 else first + timedelta(days=20)), last
    if "begin" in part or "start" in part or "early" in part:
        return first, first + timedelta(days=days - 1)
    if "mid" in part:
        middle = first + (last - first) // 2
        return middle - timedelta(days=days // 3), middle + timedelta(days=days // 3)
    return first, last


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _week(match: Match, today: Today) -> Stretch:
    said = match["which"]
    weeks = 2 if "after next" in match[0] else 0 if re.search("this|current", said) else 1
    first = _monday(today.day) + timedelta(weeks=weeks)
    return first, first + timedelta(days=6)


def _this_week(match: Match, today: Today) -> Stretch:
    first = _monday(today.day)
    return first, first + timedelta(days=6)


def _weekend(match: Match, today: Today) -> Stretch:
    weeks = 1 if "next" in (match["which"] or "") else 0
    first = _monday(today.day) + timedelta(days=5, weeks=weeks)
    return first, first + timedelta(days=1)


def _month(match: Match, today: Today) -> Stretch:
    first = plus_months(today.day.replace(day=1), 0 if re.search("this|current|^month", match["which"]) else 1)
    return first, plus_months(first, 1) - timedelta(days=1)


def _named_month(match: Match, today: Today) -> Stretch:
    month, said = month_of(match["month"]), match["year"]
    if said and "year" in said:
        year = today.day.year + ("next" in said)
    else:
        again = re.search(r"\bnext ", match[0]) and month == today.day.month
        year = int(said[-4:]) if said else today.day.year + (month < today.day.month or bool(again))
    first = date(year, month, 1)
    return first, plus_months(first, 1) - timedelta(days=1)


def _upcoming(match: Match, today: Today) -> Stretch:
    """`two upcoming weeks`: the second week from now."""
    count = int(match["count"] or match["count2"])
    if match["unit"].startswith("week"):
        first = _monday(today.day) + timedelta(weeks=min(count, 99))
        return first, first + timedelta(days=6)
    first = plus_months(today.day.replace(day=1), min(count, 99))
    return first, plus_months(first, 1) - timedelta(days=1)


def _next_days(match: Match, today: Today) -> Stretch:
    count = int(match["count"]) * (7 if match["unit"].startswith("w") else 1)
    return today.day + timedelta(days=1), today.day + timedelta(days=min(count, 400))


def _within(match: Match, today: Today) -> Stretch:
    count = (int(match["count"]) if match["count"].isdigit() else 1) * (7 if match["unit"].startswith("w") else 1)
    return today.day, today.day + timedelta(days=min(count, 400))


_PART = (
    r"\b(?P<part>(?:(?:at |by |towards? )?(?:the )?(?:very )?"
    r"(?:end|beginning|start|middle|1st week|last week|1st half|2nd half) of |"
    r"early |late |mid[ -]?)?)(?:the |in |during |over )*"
)
RULES: tuple[tuple[re.Pattern[str], Callable[[Match, Today], Stretch]], ...] = tuple(
    (re.compile(pattern), reading)
    for pattern, reading in (
        (rf"{_PART}(?P<which>week after next)\b", _week),
        (r"\b(?P<part>(?:(?:at |by |towards? )?(?:the )?(?:end|beginning|start|middle) of )|late )"
         r"(?:the |this |in the )+(?P<which>)week\b(?![ -]?end)", _this_week),
        (rf"{_PART}(?P<which>this|current|next|following|coming) week\b", _week),
        (rf"{_PART}(?P<which>this |next |the |coming )*week[ -]?ends?\b", _weekend),
        (r"\b(?P<part>(?:at |by )?(?:the )?(?:end|beginning|start|middle) of )(?:the )?(?P<which>month)\b", _month),
        (rf"{_PART}(?P<which>this month|next month|coming month|current month|following month)\b", _month),
        (r"\b(?P<part>)(?:upcoming (?P<count>\d{1,3})|(?P<count2>\d{1,3}) upcoming) (?P<unit>weeks?|months?)\b",
         _upcoming),
        (r"\b(?P<part>)(?:the )?(?:next|coming|upcoming|following) (?P<count>\d{1,3}) (?P<unit>days|weeks)\b",
         _next_days),
        (rf"{_PART}(?:(?<=in )|(?<=of )|(?<=this )|(?<=next )|(?<=early )|(?<=late )|(?<=mid )|^)"
         rf"(?:this |next |of )?(?P<month>{MONTH})(?P<year>,? (?:19|20)\d\d\b| (?:of )?(?:next|this) year\b)?(?! ?\d)",
         _named_month),
        (r"\b(?P<part>)within (?:the next )?(?P<count>\d{1,3}|an?) (?P<unit>days?|weeks?)\b", _within),
    )
)  # fmt: skip
