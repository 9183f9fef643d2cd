"""What a calendar has as busy, and that no calendar can keep a worker from its work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from callwaiting.providers import ics
from callwaiting.providers.ics import IcsCalendar
from callwaiting.providers.outside import AddressRefused, Sender
from callwaiting.providers.ports import CalendarBroken, CalendarUnavailable
from tests.providers.api_server import Answer, ApiServer, api_server

NEW_YORK = "America/New_York"
SINCE, UNTIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)


def calendar(*events: str, more: str = "") -> bytes:
    made = "".join(
        f"BEGIN:VEVENT\r\nUID:{place}@elsewhere\r\nDTSTAMP:20260101T000000Z\r\n{event}\r\nEND:VEVENT\r\n"
        for place, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{more}{made}END:VCALENDAR\r\n".encode()


def busy(*events: str, more: str = "") -> list[str]:
    """The periods by New York's clock."""
    return shown(calendar(*events, more=more))


def shown(raw: bytes) -> list[str]:
    zone = ZoneInfo(NEW_YORK)
    found = IcsCalendar(Sender()).read(raw, since=SINCE, until=UNTIL, zone=NEW_YORK)
    return [f"{start.astimezone(zone):%d %H:%M}-{end.astimezone(zone):%d %H:%M}" for start, end in found]


def test_times_by_utc_by_zone_and_by_no_zone() -> None:
    assert busy("DTSTART:20260303T140000Z\r\nDTEND:20260303T150000Z") == ["03 09:00-03 10:00"]
    assert busy("DTSTART:20260303T140000\r\nDURATION:PT90M") == ["03 14:00-03 15:30"]
    assert busy("DTSTART;TZID=Europe/Berlin:20260303T140000\r\nDTEND;TZID=Europe/Berlin:20260303T150000") == [
        "03 08:00-03 09:00"
    ]
    assert busy("DTSTART:20260303T140000\r\nDURATION:PT1H", more="X-WR-TIMEZONE:America/Chicago\r\n") == [
        "03 15:00-03 16:00"
    ]


def test_a_day_is_a_local_day_and_an_instant_nothing() -> None:
    assert busy("DTSTART;VALUE=DATE:20260308") == ["08 00:00-09 00:00"]  # the day of 23 hours
    assert busy("DTSTART;VALUE=DATE:20260303\r\nDTEND;VALUE=DATE:20260305") == ["03 00:00-05 00:00"]
    assert busy("DTSTART:20260303T140000Z") == []


def test_a_series_keeps_its_time_on_the_wall_over_the_change_of_the_clock() -> None:
    weekly = (
        "DTSTART;TZID=America/New_York:20260106T090000\r\nDTEND;TZID=America/New_York:20260106T100000\r\n"
        "RRULE:FREQ=WEEKLY;BYDAY=TU\r\nEXDATE;TZID=America/New_York:20260317T090000"
    )
    assert busy(weekly) == [f"{day:02} 09:00-{day:02} 10:00" for day in (3, 10, 24, 31)]


def test_one_of_a_series_that_was_moved_or_cancelled() -> None:
    series = "UID:s\r\nDTSTART:20260303T140000Z\r\nDTEND:20260303T150000Z"
    raw = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
        f"BEGIN:VEVENT\r\n{series}\r\nRRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:s\r\nRECURRENCE-ID:20260304T140000Z\r\nDTSTART:20260304T160000Z\r\n"
        "DTEND:20260304T170000Z\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:s\r\nRECURRENCE-ID:20260305T140000Z\r\nDTSTART:20260305T140000Z\r\n"
        "DTEND:20260305T150000Z\r\nSTATUS:CANCELLED\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert shown(raw.encode()) == ["03 09:00-03 10:00", "04 11:00-04 12:00"]


@pytest.mark.parametrize("line", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"])
def test_what_keeps_nobody_busy(line: str) -> None:
    assert busy(f"DTSTART:20260303T140000Z\r\nDTEND:20260303T150000Z\r\n{line}") == []


def test_our_own_bookings_that_come_back_are_not_counted_twice() -> None:
    raw = calendar("DTSTART:20260303T140000Z\r\nDTEND:20260303T150000Z").replace(b"@elsewhere", b"@callwaiting")
    assert shown(raw) == []


def test_free_busy_times_and_periods_that_touch() -> None:
    listed = (
        "BEGIN:VFREEBUSY\r\nUID:f\r\nDTSTAMP:20260101T000000Z\r\n"
        "FREEBUSY;FBTYPE=BUSY:20260303T140000Z/PT1H,20260303T150000Z/20260303T160000Z\r\n"
        "FREEBUSY;FBTYPE=FREE:20260305T140000Z/PT1H\r\nEND:VFREEBUSY\r\n"
    )
    assert busy(more=listed) == ["03 09:00-03 11:00"]


@pytest.mark.parametrize("raw", [b"", b"<html>Sign in</html>", b"BEGIN:VCALENDAR\r\nEND:VEVENT", b"\xff\xfe\x00"])
def test_what_is_no_calendar(raw: bytes) -> None:
    with pytest.raises(CalendarBroken):
        shown(raw)


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"])
def test_a_hostile_series_comes_to_an_end(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ics, "CPU_SECONDS", 1)
    began = time.monotonic()
    events = [f"DTSTART:19700101T000000Z\r\nDURATION:PT1S\r\nRRULE:{rule}"] * 200
    with pytest.raises(CalendarBroken, match="too long"):
        shown(calendar(*events))
    assert time.monotonic() - began < ics.WALL_SECONDS + 1


@pytest.fixture
def host() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


def test_it_is_fetched_once_and_then_asked_for_changes(host: ApiServer) -> None:
    here = IcsCalendar(Sender(local=True))
    host.answers += [
        Answer(status=302, headers={"Location": "/real.ics"}),
        Answer(calendar(), headers={"ETag": '"v1"'}),
        Answer(b"", 304),
    ]
    first = here.fetch(f"{host.url}/c.ics", etag="")
    again = here.fetch(f"{host.url}/real.ics", etag=first.etag)
    assert (first.raw, first.etag, again.raw) == (calendar(), '"v1"', None)
    assert [request.path for request in host.received] == ["/c.ics", "/real.ics", "/real.ics"]
    assert host.received[-1].headers["if-none-match"] == '"v1"'


def test_what_does_not_come(host: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ics, "MAX_BYTES", 1000)
    here = IcsCalendar(Sender(local=True))
    host.answers += [Answer(status=503), Answer(b"x" * 1001), Answer(drop=True), Answer(b"", 304)]
    said = []
    for _ in range(4):
        with pytest.raises((CalendarUnavailable, CalendarBroken)) as caught:
            here.fetch(host.url, etag="")
        said.append(caught.value.detail)
    assert said == ["HTTP 503", "has more than 1000 bytes", "RemoteDisconnected", "HTTP 304"]


def test_nobody_is_led_into_our_network(host: ApiServer) -> None:
    with pytest.raises(CalendarUnavailable, match="https"):
        IcsCalendar(Sender()).fetch(host.url, etag="")
    with pytest.raises(CalendarUnavailable, match="not public"):
        IcsCalendar(Sender()).fetch(host.url.replace("http://", "webcal://"), etag="")
    host.answer = lambda request: Answer(status=302, headers={"Location": f"{host.url}/again"})
    with pytest.raises(AddressRefused, match="one address to the next"):
        Sender(local=True).get(host.url, {}, most=10)
    assert len(host.received) == 4


def test_a_redirect_is_judged_like_the_address_itself(host: ApiServer) -> None:
    host.answer = lambda request: Answer(status=302, headers={"Location": "ftp://127.0.0.1/"})
    with pytest.raises(CalendarUnavailable, match="https"):
        IcsCalendar(Sender(local=True)).fetch(host.url, etag="")
