"""Which answer is asked for, and opening hours in a sentence."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest

from callwaiting.features.merchants.hours import Period
from callwaiting.features.reception.matching import Entry, best
from callwaiting.features.reception.spoken_hours import about_hours, is_open

PARKING = Entry("Parking", ("where can I park", "is there a parking lot"), "Behind the house.")
DOGS = Entry("Dogs", ("can I bring my dog", "are pets allowed"), "Dogs are welcome.")
CARDS = Entry("Payment", ("do you take credit cards", "can I pay cash"), "Cash and cards.")
ZONE = ZoneInfo("America/New_York")
WEEK = (
    *(Period(day, time(11), time(15)) for day in range(1, 6)),
    *(Period(day, time(17, 30), time(22)) for day in range(1, 6)),
    Period(6, time(18), time(2)),
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is there parking?", PARKING.answer),
        ("um where could I park my car", PARKING.answer),
        ("can I bring dogs", DOGS.answer),
        ("Do you take cards", CARDS.answer),
        ("are you there", None),
        ("I would like two margheritas", None),
        ("", None),
        ("can I bring my dog to the parking", None),
    ],
)
def test_the_answer_that_surely_fits(question: str, answer: str | None) -> None:
    assert best(question, [PARKING, DOGS, CARDS]) == answer


def test_two_that_fit_alike_are_no_answer() -> None:
    assert best("parking", [PARKING, Entry("Parking", (), "In the street.")]) is None


@pytest.mark.parametrize(
    ("moment", "is_it"),
    [
        ("2026-03-03T10:59", False),
        ("2026-03-03T11:00", True),
        ("2026-03-03T15:00", False),
        ("2026-03-03T21:59", True),
        ("2026-03-07T23:00", True),
        ("2026-03-08T01:30", True),  # Saturday's night, in which the clocks go forward
        ("2026-03-08T03:00", False),
    ],
)
def test_open(moment: str, is_it: bool) -> None:
    assert is_open(WEEK, datetime.fromisoformat(moment).replace(tzinfo=ZONE), ZONE) is is_it


def test_hours_in_a_sentence() -> None:
    now = datetime(2026, 3, 3, 12, tzinfo=ZONE)
    assert about_hours(WEEK, now, ZONE) == (
        "We are open now. Today we are open from 11 AM to 3 PM and from 5:30 PM to 10 PM. Our week: Monday to Friday,"
        " from 11 AM to 3 PM and from 5:30 PM to 10 PM; Saturday, from 6 PM to 2 AM; Sunday, closed."
    )
    assert about_hours((Period(3, time(0), time(0)),), now, ZONE) == (
        "We are closed now. Our week: Monday to Tuesday, closed; Wednesday, day and night; Thursday to Sunday, closed."
    )
