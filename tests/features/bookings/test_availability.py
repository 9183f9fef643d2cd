"""Free times, as a pure function: hours, exceptions, busy times, services, zones, and both changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.features.bookings.availability import Busy, Hours, Opening, Terms, Window, free_times, starts
from callwaiting.features.bookings.public_holidays import closed_days, of_year, supported

NEW_YORK, BERLIN, LORD_HOWE = (ZoneInfo(name) for name in ("America/New_York", "Europe/Berlin", "Australia/Lord_Howe"))
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
TUESDAY = date(2026, 3, 3)
HOURLY = Terms(60, 60)


def opening(opens: int, closes: int) -> Opening:
    return Opening(time(opens % 24), time(closes % 24))


def local(hours: Hours, terms: Terms = HOURLY, day: date = TUESDAY, zone: ZoneInfo = NEW_YORK) -> list[str]:
    return [f"{start.astimezone(zone):%H:%M}" for start in starts(hours, terms, day, zone)]


@pytest.mark.parametrize(
    ("zone", "day", "minutes", "instants"),
    [
        # Two o'clock does not exist: 0, 1, 3, 4, 5 local.
        (NEW_YORK, date(2026, 3, 8), 60, ["05:00", "06:00", "07:00", "08:00", "09:00"]),
        # One o'clock comes twice: its second turn is left out.
        (NEW_YORK, date(2026, 11, 1), 60, ["04:00", "05:00", "07:00", "08:00", "09:00", "10:00"]),
        (BERLIN, date(2026, 3, 29), 60, ["23:00", "00:00", "01:00", "02:00", "03:00"]),
        (BERLIN, date(2026, 10, 25), 60, ["22:00", "23:00", "00:00", "02:00", "03:00", "04:00"]),
        # The last one would end after six o'clock, of which the clock has taken an hour.
        (BERLIN, date(2026, 3, 29), 120, ["23:00", "00:00", "01:00", "02:00"]),
        # A clock that is changed by half an hour.
        (LORD_HOWE, date(2026, 10, 4), 60, ["13:30", "14:30", "16:00", "17:00", "18:00"]),
    ],
)
def test_days_on_which_the_clock_is_changed(zone: ZoneInfo, day: date, minutes: int, instants: list[str]) -> None:
    found = list(starts(Hours(opening(0, 6)), Terms(minutes, 60), day, zone))

    assert [f"{start:%H:%M}" for start in found] == instants
    assert all(start.astimezone(zone).date() == day for start in found)
    assert all(b - a >= timedelta(hours=1) for a, b in pairwise(found))


@given(
    day=st.sampled_from([date(2026, 3, 8), date(2026, 11, 1), date(2026, 3, 29), date(2026, 10, 25), TUESDAY]),
    zone=st.sampled_from([NEW_YORK, BERLIN, LORD_HOWE]),
    minutes=st.integers(5, 480),
    step=st.integers(5, 480),
    hours=st.tuples(st.integers(0, 23), st.integers(0, 23)),
)
def test_every_time_is_on_its_day_and_within_the_hours(
    day: date, zone: ZoneInfo, minutes: int, step: int, hours: tuple[int, int]
) -> None:
    of, terms = Hours(opening(*hours)), Terms(minutes, step)
    windows = [window for begun in (day - timedelta(1), day) for window in of.of(begun, zone)]
    found = list(starts(of, terms, day, zone))

    assert found == sorted(set(found))
    for start in found:
        assert start.astimezone(zone).date() == day
        assert any(window.start <= start and terms.end(start) <= window.end for window in windows)


def test_which_hours_hold() -> None:
    daily, christmas = opening(9, 12), TUESDAY
    week = {2: [opening(14, 16)]}
    business = {2: [opening(10, 18)]}

    assert local(Hours(daily)) == ["09:00", "10:00", "11:00"]
    assert local(Hours(daily, business_week=business)) == ["10:00", "11:00"]
    assert local(Hours(daily, business_week={1: [opening(9, 17)]})) == []
    assert local(Hours(daily, week=week, business_week={1: []})) == ["14:00", "15:00"]
    assert local(Hours(daily, week={3: [opening(9, 17)]})) == []
    assert local(Hours(daily, holidays=frozenset({christmas}))) == []
    assert local(Hours(daily, week=week, holidays=frozenset({christmas}))) == []
    assert local(Hours(daily, business_special={christmas: []})) == []
    assert local(Hours(daily, business_special={christmas: [opening(8, 10), opening(11, 15)]})) == ["09:00", "11:00"]
    open_on_a_holiday = Hours(daily, holidays=frozenset({christmas}), business_special={christmas: [opening(9, 10)]})
    assert local(open_on_a_holiday) == ["09:00"]
    own = {christmas: [opening(20, 22)]}
    assert local(Hours(daily, special=own, business_special={christmas: []})) == ["20:00", "21:00"]
    assert local(Hours(daily, special={christmas: []}, week=week)) == []


def test_an_evening_runs_into_the_next_day() -> None:
    bar = Hours(opening(0, 0), week={2: [opening(22, 2)], 3: [opening(22, 2)]})
    assert local(bar) == ["22:00", "23:00"]
    assert local(bar, day=TUESDAY + timedelta(1)) == ["00:00", "01:00", "22:00", "23:00"]
    closed_wednesday = Hours(opening(0, 0), week=bar.week, special={TUESDAY + timedelta(1): []})
    assert local(closed_wednesday, day=TUESDAY + timedelta(1)) == ["00:00", "01:00"]


def at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(TUESDAY, time(hour, minute), NEW_YORK).astimezone(UTC)


def free(terms: Terms, busy: list[Busy], *, units: int = 1, now: datetime = LONG_AGO) -> dict[str, tuple[int, ...]]:
    found = free_times(Hours(opening(9, 12)), terms, units=units, busy=busy, day=TUESDAY, now=now, zone=NEW_YORK)
    return {f"{time.start.astimezone(NEW_YORK):%H:%M}": time.units for time in found}


def test_units_are_taken_one_by_one() -> None:
    ten = Window(at(10), at(11))
    assert free(HOURLY, []) == {"09:00": (1,), "10:00": (1,), "11:00": (1,)}
    assert free(HOURLY, [Busy(ten, 2)], units=3) == {"09:00": (1, 2, 3), "10:00": (1, 3), "11:00": (1, 2, 3)}
    assert free(HOURLY, [Busy(ten, unit) for unit in (1, 2)], units=2)["10:00"] == ()


def test_a_class_fills_no_more_than_its_places() -> None:
    yoga = Terms(60, 60, capacity=2)
    assert free(yoga, [], units=5)["09:00"] == (1, 2)
    assert free(yoga, [Busy(Window(at(9), at(10)), unit) for unit in (1, 2)], units=5)["09:00"] == ()


def test_buffers_belong_to_nobody_else() -> None:
    colour = Terms(30, 30, before=10, after=20)
    assert list(free(colour, [])) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    taken = free(colour, [Busy(Window(at(10), at(10, 30)), 1)])
    assert [start for start, units in taken.items() if not units] == ["09:30", "10:00", "10:30"]
    after = free(colour, [Busy(Window(at(9), at(9, 20)), 1)])
    assert [start for start, units in after.items() if not units] == ["09:00"]


def test_what_has_begun_is_not_offered() -> None:
    assert list(free(HOURLY, [], now=at(10))) == ["11:00"]


def test_public_holidays_by_country_and_region() -> None:
    assert of_year("US", None, 2026)[date(2026, 11, 26)] == ("Thanksgiving Day",)
    # The Fourth is a Saturday in 2026 and kept on Friday too, by the same name.
    assert of_year("US", None, 2026)[date(2026, 7, 3)] == ("Independence Day",)
    assert date(2026, 6, 4) in closed_days("DE", "BY", [], 2026)
    assert date(2026, 6, 4) not in closed_days("DE", "BE", [], 2026)
    assert date(2026, 11, 26) not in closed_days("US", None, ["Thanksgiving Day"], 2025, 2026)
    assert closed_days(None, None, [], 2026) == frozenset()
    assert [supported(*place) for place in (("DE", "BY"), ("DE", "XX"), ("DE", None), ("XX", None))] == [
        True, False, True, False,
    ]  # fmt: skip
