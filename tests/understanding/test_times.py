"""Times of day; both halves of the day stand as candidates when neither was said."""

from __future__ import annotations

from datetime import time

import pytest

from callwaiting.understanding import Slot
from tests.understanding.asking import clock, heard


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("at 7:45 pm", "19:45"),
        ("half past six in the evening", "18:30"),
        ("quarter to nine in the morning", "08:45"),
        ("ten past three", "15:10"),
        ("7ish tonight", "19:00"),
        ("eight o'clock this evening", "20:00"),
        ("around noon", "12:00"),
        ("at midnight", "00:00"),
        ("five thirty", "17:30"),
        ("seven oh five pm", "19:05"),
        ("945pm", "21:45"),
        ("18.15", "18:15"),
        ("nine a.m.", "09:00"),
        ("tomorrow afternoon at 4", "16:00"),
        ("can you change it from 6 to 7 pm", "19:00"),
        ("at six, no sorry, at seven", "19:00"),
        ("at ten, no, eleven", "11:00"),
        ("in an hour and a half", "11:30"),
    ],
)
def test_a_time(text: str, expected: str) -> None:
    assert clock(heard(text)) == expected


@pytest.mark.parametrize(("asked", "expected"), [("time", "14:00"), ("people", None), (None, None)])
def test_a_bare_number_is_a_time_when_that_was_asked(asked: str | None, expected: str | None) -> None:
    assert clock(heard("two", asked)) == expected


def test_without_morning_or_evening_both_are_candidates() -> None:
    assert heard("at 9:15").candidates[Slot.TIME] == ("09:15", "21:15")
    assert Slot.TIME not in heard("at 9:15 pm").candidates


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("between 2 and 4 pm", time(14), time(16)),
        ("9 to 11 am", time(9), time(11)),
        ("from 11 till 1", time(11), time(13)),
        ("any time after five", time(17), None),
        ("before 10 am", None, time(10)),
        ("not before three", time(15), None),
        ("no later than 11 am", None, time(11)),
        ("from 2 pm for an hour and a half", time(14), time(15, 30)),
        ("sometime in the morning", time(8), time(12)),
    ],
)
def test_an_interval(text: str, begin: time | None, end: time | None) -> None:
    period = heard(text).period

    assert period is not None
    assert (period.begin, period.end) == (begin, end)


@pytest.mark.parametrize("text", ["a table for 4", "good evening", "room 12", "$ 20", "for three nights", "2 people"])
def test_no_time_is_heard_where_none_is_meant(text: str) -> None:
    assert heard(text).time is None


def test_two_times_are_asked() -> None:
    assert Slot.TIME in heard("at 6 pm or at 8 pm").doubtful
