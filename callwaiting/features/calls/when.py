"""When the caller would like to come: days and times as they are said, by the merchant's clock. Pure."""

from __future__ import annotations

from datetime import date, time, timedelta

from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.state import Wanted
from callwaiting.features.calls.understanding import number_at
from callwaiting.features.catalogue.service import words_of

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def wanted_in(speech: str, facts: Facts) -> Wanted | None:
    """The day and time that are named; None when there is neither."""
    words = words_of(speech)
    today = facts.now.astimezone(facts.zone).date()
    day: date | None = None
    times: tuple[time, ...] = ()
    for place, word in enumerate(words):
        if word in {"today", "tonight"}:
            day = today
        elif word == "tomorrow":
            day = today + timedelta(days=1)
        elif word in WEEKDAYS:
            day = today + timedelta(days=(WEEKDAYS.index(word) - today.weekday()) % 7)
        elif word == "noon":
            times = (time(12),)
        elif word == "at" and place + 1 < len(words) and (number := number_at(words, place + 1)):
            hour, rest = number[0], words[place + 1 + number[1] :]
            if 1 <= hour <= 12:
                morning, evening = time(hour % 12), time(hour % 12 + 12)
                times = (
                    (morning,)
                    if rest[:1] in (("am",), ("a",))
                    else (evening,)
                    if rest[:1] in (("pm",), ("p",))
                    else (morning, evening)
                )
    return Wanted(day, times) if day or times else None


def keyed_day(digits: str, facts: Facts) -> date | None:
    """The day of a key: 1 for today, 2 for tomorrow."""
    days = {"1": 0, "2": 1}.get(digits)
    return None if days is None else facts.now.astimezone(facts.zone).date() + timedelta(days=days)
