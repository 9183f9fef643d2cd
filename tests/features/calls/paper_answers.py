"""What the shop on paper answers: by the same matching as a real one."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from callwaiting.features.calls import outcomes as came
from callwaiting.features.calls.understanding import asks_something
from callwaiting.features.catalogue.service import words_of
from callwaiting.features.merchants.hours import Period
from callwaiting.features.reception import spoken_hours
from callwaiting.features.reception.matching import Entry, best, questions_in
from callwaiting.features.reception.service import ABOUT_HOURS, ABOUT_PLACE

HOURS = tuple(Period(day, time(11), time(22)) for day in range(2, 7))
ADDRESS = "12 Mulberry Street"
FAQ = (Entry("Parking", ("where can I park", "is there parking"), "You can park behind the house, free of charge."),)


def answered(said: str, now: datetime, zone: ZoneInfo) -> came.Answered | came.NotAnswered:
    """The answers to all questions in a sentence."""
    each = [_one(part, now, zone) for part in questions_in(said)]
    found = [answer.text for answer in each if isinstance(answer, came.Answered)]
    return came.Answered(" ".join(dict.fromkeys(found))) if found else _one(said, now, zone)


def _one(question: str, now: datetime, zone: ZoneInfo) -> came.Answered | came.NotAnswered:
    words = set(words_of(question))
    if (entry := best(question, FAQ)) is not None:
        return came.Answered(entry)
    said = [spoken_hours.about_hours(HOURS, now, zone)] if words & ABOUT_HOURS else []
    said += [f"Our address is {ADDRESS}."] if words & ABOUT_PLACE else []
    return came.Answered(" ".join(said)) if said else came.NotAnswered(asks_something(words_of(question)))
