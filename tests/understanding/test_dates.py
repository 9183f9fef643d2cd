"""Days in the ways people say them; what could be two days is asked."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest

from callwaiting.understanding import Slot, understand
from callwaiting.understanding.feasts import easter
from tests.understanding.asking import NOW, clock, day, heard


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("could you do tomorrow", "2026-03-05"),
        ("the day after tomorrow please", "2026-03-06"),
        ("this afternoon", "2026-03-04"),
        ("I was there yesterday", "2026-03-03"),
        ("last Friday", "2026-02-27"),
        ("two days before Christmas", "2026-12-23"),
        ("day before Easter", "2026-04-04"),
        ("a week on Saturday", "2026-03-14"),
        ("two weeks on Saturday at 7", "2026-03-21"),
        ("a fortnight tomorrow", "2026-03-19"),
        ("tomorrow week", "2026-03-12"),
        ("a table for two a week on Friday", "2026-03-13"),
        ("tonight if possible", "2026-03-04"),
        ("Friday works", "2026-03-06"),
        ("this coming saturday", "2026-03-07"),
        ("Tuesday next week", "2026-03-10"),
        ("a week on Friday, I mean Friday week", "2026-03-13"),
        ("two weeks from Monday", "2026-03-23"),
        ("in ten days", "2026-03-14"),
        ("in a fortnight", "2026-03-18"),
        ("the 21st", "2026-03-21"),
        ("the second of next month", "2026-04-02"),
        ("march twenty first", "2026-03-21"),
        ("21 March", "2026-03-21"),
        ("Feb. 3rd", "2027-02-03"),
        ("on the thirtieth of May", "2026-05-30"),
        ("5 June 2027", "2027-06-05"),
        ("2026-07-09", "2026-07-09"),
        ("25/4", "2026-04-25"),
        ("the first Monday in June", "2026-06-01"),
        ("the last Friday of April", "2026-04-24"),
        ("Christmas Eve", "2026-12-24"),
        ("on Mother's Day", "2026-05-10"),
        ("Easter Monday", "2026-04-06"),
        ("Saturday the 14th", "2026-03-14"),
        ("not Friday, Saturday", "2026-03-07"),
        ("Saturday, any day but Sunday", "2026-03-07"),
        ("Friday, no wait, Sunday", "2026-03-08"),
        ("can you move it from Friday to Sunday", "2026-03-08"),
    ],
)
def test_a_day(text: str, expected: str) -> None:
    understood = heard(text)

    assert (day(understood), Slot.DATE in understood.doubtful) == (expected, False)


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("next Friday", {"2026-03-13", "2026-03-06"}),
        ("Wednesday", {"2026-03-11", "2026-03-04"}),
        ("5/6", {"2026-05-06", "2026-06-05"}),
        ("Monday the 14th", {"2026-09-14", "2026-03-14"}),
        ("three Thursdays from now", {"2026-03-19", "2026-03-26"}),
        ("Friday or Saturday", {"2026-03-06", "2026-03-07"}),
        ("Friday, March 7th", {"2026-03-07", "2026-03-06"}),
        ("we stay for a week on Saturday", {"2026-03-07", "2026-03-14"}),
    ],
)
def test_two_readings_are_asked(text: str, candidates: set[str]) -> None:
    understood = heard(text)

    assert Slot.DATE in understood.doubtful
    assert set(understood.candidates[Slot.DATE]) == candidates


def test_a_day_that_the_calendar_lacks_is_asked_and_not_bent() -> None:
    understood = heard("the 30th of February 2027")

    assert (understood.date, understood.doubtful) == (None, (Slot.DATE,))


@pytest.mark.parametrize(
    "text", ["I booked it yesterday", "we called last Friday", "it may take long", "just a second", "call 911"]
)
def test_no_day_is_heard_where_none_is_meant(text: str) -> None:
    assert heard(text).date is None


@pytest.mark.parametrize("text", ["any day but Monday", "I cannot do Friday", "the day after", "March in a year"])
def test_a_day_that_is_ruled_out_or_left_open_is_asked(text: str) -> None:
    understood = heard(text)

    assert (understood.date, understood.doubtful) == (None, (Slot.DATE,))


def test_tomorrow_or_the_day_after_is_asked() -> None:
    assert Slot.DATE in heard("tomorrow or the day after").doubtful


def test_tonight_after_midnight_is_asked() -> None:
    assert heard("tonight at 1 am").candidates[Slot.DATE] == ("2026-03-04", "2026-03-05")


def test_the_order_of_day_and_month_is_that_of_the_country() -> None:
    assert day(heard("5/6", timezone="America/Chicago")) == "2026-05-06"
    assert day(heard("5/6", timezone="Europe/London")) == "2026-06-05"


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("from the 17th to the 2nd", date(2026, 3, 17), date(2026, 4, 2)),
        ("between the 3rd and the 8th of June", date(2026, 6, 3), date(2026, 6, 8)),
        ("June 3 to 8", date(2026, 6, 3), date(2026, 6, 8)),
        ("Saturday until Tuesday", date(2026, 3, 7), date(2026, 3, 10)),
        ("sometime next week", date(2026, 3, 9), date(2026, 3, 15)),
        ("at the weekend", date(2026, 3, 7), date(2026, 3, 8)),
        ("next weekend", date(2026, 3, 14), date(2026, 3, 15)),
        ("at the end of April", date(2026, 4, 21), date(2026, 4, 30)),
        ("the last week of May", date(2026, 5, 25), date(2026, 5, 31)),
        ("in the next three days", date(2026, 3, 5), date(2026, 3, 7)),
    ],
)
def test_a_stretch_of_days(text: str, begin: date, end: date) -> None:
    period = heard(text).period

    assert period is not None
    assert (period.begin, period.end) == (begin, end)


def test_hours_are_counted_by_the_clock_on_the_wall_when_it_is_put_forward() -> None:
    before_the_change = datetime.fromisoformat("2026-03-08T01:30")

    understood = heard("in two hours", now=before_the_change)

    assert (day(understood), clock(understood)) == ("2026-03-08", "04:30")


def test_a_time_that_the_clock_skips_is_asked() -> None:
    assert Slot.TIME in heard("on Sunday at 2:30 am").doubtful


@pytest.mark.parametrize(("year", "month", "day_"), [(2024, 3, 31), (2026, 4, 5), (2038, 4, 25), (2285, 3, 22)])
def test_easter(year: int, month: int, day_: int) -> None:
    assert easter(year) == date(year, month, day_)


def test_a_time_behind_a_month_is_heard() -> None:
    understood = heard("the second of April at eleven")

    assert (understood.date, understood.time) == (date(2026, 4, 2), time(11))


def test_the_eve_of_a_feast_is_no_evening() -> None:
    assert heard("on Christmas Eve").period is None


@pytest.mark.parametrize(
    ("name", "timezone", "day_meant"),
    [
        ("thanksgiving", "America/New_York", "2026-11-26"), ("thanksgiving", "America/Toronto", "2026-10-12"),
        ("mother's day", "America/New_York", "2026-05-10"), ("mother's day", "Europe/London", "2026-03-15"),
        ("father's day", "Europe/London", "2026-06-21"), ("father's day", "Australia/Sydney", "2026-09-06"),
        ("labour day", "Pacific/Auckland", "2026-10-26"),
    ],
)  # fmt: skip
def test_a_feast_is_that_of_the_country(name: str, timezone: str, day_meant: str) -> None:
    found = heard(name, timezone=timezone)
    assert (day(found), found.doubtful) == (day_meant, ())


@pytest.mark.parametrize("name", ["thanksgiving", "labour day", "thanksgiving 2027"])
def test_a_feast_that_the_country_does_not_keep_is_asked_about(name: str) -> None:
    found = heard(name, timezone="Europe/London")
    assert found.doubtful == (Slot.DATE,)
    assert len(found.candidates[Slot.DATE]) > 1


def test_the_country_of_the_business_goes_before_its_time_zone() -> None:
    found = understand("thanksgiving", now=NOW, timezone="America/New_York", country="CA")
    assert day(found) == "2026-10-12"
