"""What the development data say is right, as values: a reading of their spans that shares no code with the grammar.

A span that this simple reading does not know is left out of the figures, and counted as unscored.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
WORDS = {word: str(number) for number, word in enumerate(UNITS)} | {"fifteen": "15", "twenty": "20", "thirty": "30"}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORMS = ("sauce", "sweetener")
PERSONS = re.compile(
    r"\b(?:me|myself|i|wife|husband|mom|mum|dad|mother|father|friend|partner|girlfriend|boyfriend|son|daughter|brother|"
    r"sister|aunt|uncle|cousin|boss|mommy|daddy|grandma|grandpa|colleague|kid|child|fiance|mate|niece|nephew)\b"
)


def digits(text: str) -> str:
    """Small letters, number words as digits."""
    return re.sub(r"[a-z]+", lambda word: WORDS.get(word[0], word[0]), text.lower().replace("-", " "))


def times(text: str, now: datetime) -> set[str] | None:
    """All times that a span may mean."""
    plain = digits(text)
    if relative := re.search(r"in (?:a |about )*(\d+|an?|couple) (?:of )?(hour|minute)", plain):
        count = 2 if "couple" in plain else int(relative[1]) if relative[1].isdigit() else 1
        return {f"{now + timedelta(**{relative[2] + 's': count}):%H:%M}"}
    half = re.search(r"\d ?(a|p)\.? ?m|\b(a|p)\.?m", plain)
    if "noon" in plain or "midday" in plain:
        return {"12:00"}
    if spoken := re.search(r"(half|quarter|\d+)(?: minutes)? (past|to) (\d+)", plain):
        minutes = {"half": 30, "quarter": 15}.get(spoken[1]) or int(spoken[1])
        total = int(spoken[3]) * 60 + (minutes if spoken[2] == "past" else -minutes)
        hour, minute = divmod(total, 60)
    elif found := re.search(r"(\d{1,2})[:.h ]?([0-5]\d)(?!\d)", plain):
        hour, minute = int(found[1]), int(found[2])
    elif found := re.search(r"(\d{1,2})(?: (\d\d))?(?!\d)", plain):
        hour, minute = int(found[1]), int(found[2] or 0)
    else:
        return None
    if hour > 23:
        return None
    if half:
        return {f"{hour % 12 + (12 if 'p' in half[0] else 0):02}:{minute:02}"}
    return {f"{hour:02}:{minute:02}"} | ({f"{(hour + 12) % 24:02}:{minute:02}"} if 0 < hour <= 12 else set())


def is_clock(text: str) -> bool:
    """Whether a span says a time of day and no day."""
    plain = digits(text)
    return re.search(r"\d ?[ap]\.?m|noon|midnight|:\d\d|o'?clock", plain) is not None and not re.search(
        r"day|tomorrow|tonight|" + "|".join(rf"\b{month}" for month in MONTHS), plain
    )


def days(text: str, now: datetime) -> set[str] | None:
    """All days that a span may mean."""
    plain, today = digits(text), now.date()
    found = _relative(plain, today) or _calendar(plain, today)
    return {day.isoformat() for day in found} if found else None


def _relative(plain: str, today: date) -> set[date]:
    if re.search(r"in (?:a |about )*(?:\d+|an?|couple) (?:of )?(?:hour|minute)", plain):
        return {today}
    if "day after tomorrow" in plain:
        return {today + timedelta(2)}
    if "tomorrow" in plain or "tomorow" in plain:
        return {today + timedelta(1)}
    if count := re.search(r"(\d+|\ba|an|couple) (?:of )?(day|week|month)s?\b", plain):
        number = int(count[1]) if count[1].isdigit() else 2 if count[1] == "couple" else 1
        if count[2] == "month":
            month = today.month - 1 + number
            return {date(today.year + month // 12, month % 12 + 1, min(today.day, 28))}
        return {today + timedelta(number * (7 if count[2] == "week" else 1))}
    if re.search(r"today|tonight|this (?:evening|morning|afternoon)|^now$", plain):
        return {today}
    return set()


def _calendar(plain: str, today: date) -> set[date]:
    numeric = re.search(r"(\d{1,4})[/.-](\d{1,2})(?:[/.-](\d{2,4}))?", plain)
    weekday = next((i for i, name in enumerate(WEEKDAYS) if re.search(rf"\b{name}", plain)), None)
    month = next((i + 1 for i, name in enumerate(MONTHS) if re.search(rf"\b{name}", plain)), None)
    if numeric and month is None:
        first, second, third = (int(part) if part else None for part in numeric.groups())
        if first is not None and first > 31:
            return _valid(first, second, third)
        year = third + 2000 if third is not None and third < 100 else third
        return _coming(year, first, second, today) | _coming(year, second, first, today)
    numbers = [int(number) for number in re.findall(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", plain)]
    year_said = re.search(r"\b(20\d\d)\b", plain)
    if month is not None and numbers:
        return _coming(int(year_said[1]) if year_said else None, month, numbers[0], today)
    if numbers and weekday is None:
        ahead = (today + timedelta(number) for number in range(62))
        return {next((day for day in ahead if day.day == numbers[0]), today)}
    if weekday is not None and not numbers:
        coming = today + timedelta((weekday - today.weekday()) % 7 or 7)
        later = coming + timedelta(7)
        return {coming, later} if "next" in plain else {coming, today} if weekday == today.weekday() else {coming}
    return set()


def _valid(year: int | None, month: int | None, day: int | None) -> set[date]:
    try:
        return {date(year or 0, month or 0, day or 0)}
    except ValueError:
        return set()


def _coming(year: int | None, month: int | None, day: int | None, today: date) -> set[date]:
    if year is not None:
        return _valid(year, month, day)
    this_year = _valid(today.year, month, day)
    return this_year if this_year and min(this_year) >= today else _valid(today.year + 1, month, day)


def persons(text: str) -> set[int] | None:
    """All party sizes that a span may mean: the sum of its numbers and of the persons named one by one."""
    plain = digits(text)
    numbers = [int(number) for number in re.findall(r"\d+", plain)]
    singles = len(PERSONS.findall(re.sub(r"\d+ \w+", "", plain)))
    if numbers and not singles:
        return {sum(numbers)}
    if not numbers and not singles:
        return None
    if re.search(r"\b(?:me|i)\b", plain) and not numbers and not re.search(r"\w+s\b", plain):
        return {len(re.split(r",| and ", plain))}
    if re.search(r"\b(?:my|our) (?:\w+ )?\w+s\b", plain) and not numbers:
        return None
    total = sum(numbers) + singles
    return {total} if re.search(r"\b(?:me|myself|i)\b", plain) else {total, total + 1}
