from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.features.messages.quiet_hours import sendable_at, zones_of

NEW_YORK, LOS_ANGELES = ZoneInfo("America/New_York"), ZoneInfo("America/Los_Angeles")
MANHATTAN, SAN_FRANCISCO, HONOLULU = "+12125550123", "+14155550123", "+18085550123"
TOLL_FREE, LONDON, BERLIN, MOSCOW, SYDNEY = (
    "+18005550123", "+447400123456", "+4915112345678", "+79161234567", "+61412345678",
)  # fmt: skip


def moment(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("number", "now", "sent"),
    [
        (MANHATTAN, "2026-06-10 12:00", "2026-06-10 12:00"),
        (MANHATTAN, "2026-06-10 20:59:59", "2026-06-10 20:59:59"),
        (MANHATTAN, "2026-06-10 21:00", "2026-06-11 08:00"),
        (MANHATTAN, "2026-06-11 00:10", "2026-06-11 08:00"),
        (MANHATTAN, "2026-06-11 07:59:59", "2026-06-11 08:00"),
        (MANHATTAN, "2026-06-11 08:00", "2026-06-11 08:00"),
        # the far coast is three hours behind: it begins there, and ends here
        (SAN_FRANCISCO, "2026-06-11 09:00", "2026-06-11 11:00"),
        (SAN_FRANCISCO, "2026-06-11 21:30", "2026-06-12 11:00"),
        (HONOLULU, "2026-06-11 13:00", "2026-06-11 14:00"),
        # clocks change on 8 March and 1 November 2026: 8 o'clock stays 8 o'clock
        (MANHATTAN, "2026-03-07 22:00", "2026-03-08 08:00"),
        (MANHATTAN, "2026-03-08 03:30", "2026-03-08 08:00"),
        (MANHATTAN, "2026-10-31 22:00", "2026-11-01 08:00"),
        (MANHATTAN, "2026-11-01 01:30", "2026-11-01 08:00"),
        # a number without an area: the business's own clock
        (TOLL_FREE, "2026-06-11 09:00", "2026-06-11 09:00"),
        (TOLL_FREE, "2026-06-11 07:00", "2026-06-11 08:00"),
        ("86753", "2026-06-11 07:00", "2026-06-11 08:00"),
        ("not a number", "2026-06-11 09:00", "2026-06-11 09:00"),
        # abroad
        (LONDON, "2026-06-11 15:59", "2026-06-11 15:59"),
        (LONDON, "2026-06-11 16:00", "2026-06-12 08:00"),
        (BERLIN, "2026-06-11 15:00", "2026-06-12 08:00"),
        (SYDNEY, "2026-06-11 12:00", "2026-06-11 21:30"),  # no hour suits New York and all of Australia
    ],
)
def test_the_narrower_window_wins(number: str, now: str, sent: str) -> None:
    assert sendable_at(moment(now), number, NEW_YORK) == moment(sent)


def test_a_night_with_a_change_of_clocks_is_as_long_as_it_is() -> None:
    short = sendable_at(moment("2026-03-07 22:00"), MANHATTAN, NEW_YORK) - moment("2026-03-07 22:00")
    long = sendable_at(moment("2026-10-31 22:00"), MANHATTAN, NEW_YORK) - moment("2026-10-31 22:00")
    assert (short, long) == (timedelta(hours=9), timedelta(hours=11))


def test_a_country_of_eleven_zones_is_texted_when_all_of_it_is_awake() -> None:
    at = sendable_at(moment("2026-06-11 12:00"), MOSCOW, ZoneInfo("Europe/Moscow"))
    assert all(8 <= at.astimezone(zone).hour < 21 for zone in zones_of(MOSCOW))


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    st.sampled_from([MANHATTAN, SAN_FRANCISCO, LONDON, BERLIN, SYDNEY, TOLL_FREE, "12345"]),
    st.sampled_from([NEW_YORK, LOS_ANGELES, ZoneInfo("Europe/London"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_whatever_the_moment_it_is_never_before_and_stays_once_reached(
    now: datetime, number: str, business: ZoneInfo
) -> None:
    at = sendable_at(now, number, business)
    assert now <= at < now + timedelta(hours=49)
    assert sendable_at(at, number, business) == at
    assert all(8 <= at.astimezone(zone).hour < 21 for zone in zones_of(number) or [business])
