"""Days of a business, as its clock shows them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callwaiting.core.days import Days


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("UTC", date(2026, 2, 28), "2026-02-28T00:00", 24),
        ("America/New_York", date(2026, 3, 8), "2026-03-08T05:00", 23),
        ("America/New_York", date(2026, 11, 1), "2026-11-01T04:00", 25),
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00", 23),  # there is no midnight: it begins at one
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00", 25),  # one o'clock becomes midnight again
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00", 0),  # the date line was moved over it
    ],
)
def test_a_day_begins_with_its_first_instant(zone: str, day: date, begins: str, hours: int) -> None:
    days = Days.between(day, day, ZoneInfo(zone))

    assert days.bounds[0] == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert days.bounds[1] - days.bounds[0] == timedelta(hours=hours)
    assert list(days) == [day]


def test_days_follow_each_other_without_a_gap() -> None:
    first, zone = date(2026, 1, 1), ZoneInfo("Europe/Berlin")
    days = Days.between(first, date(2026, 12, 31), zone)

    assert list(days) == [first + timedelta(number) for number in range(365)]
    assert list(days.bounds) == sorted(set(days.bounds))
    assert all(bound.astimezone(zone).hour == 0 for bound in days.bounds)
