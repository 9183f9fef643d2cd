"""Reads an iCalendar file (RFC 5545) for when somebody is busy. Run as a program of its own: `ics.py` says why.

In: a line of JSON with the window, the zone of times without one, and the limits; then the file. Out: JSON, the busy
periods or what is wrong with the file. It imports nothing of the application.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

OWN_UIDS = "@callwaiting"  # our own bookings, which come back in a calendar that has subscribed to them
FREE = {"FREE", "TENTATIVE-FREE"}
BUSY_KINDS = {"BUSY", "BUSY-UNAVAILABLE", "BUSY-TENTATIVE"}

Period = tuple[datetime, datetime]


class NoCalendar(ValueError):
    """The file is none, or has more than can be."""


def busy_periods(raw: bytes, *, since: datetime, until: datetime, zone: ZoneInfo, most: int) -> list[Period]:
    """The periods within the window, in UTC, in order, those that touch made one. Raises NoCalendar.

    What is transparent, cancelled or marked as free keeps nobody busy. A day without a time is a local day. Times
    without a zone are the calendar's, which is `zone` unless it names its own.
    """
    import recurring_ical_events
    from icalendar import Calendar

    whole = raw.upper()
    if whole.count(b"BEGIN:VCALENDAR") != whole.count(b"END:VCALENDAR"):
        raise NoCalendar("is cut off")  # what is missing would be taken for free
    try:
        calendars = Calendar.from_ical(raw, multiple=True)
    except (ValueError, IndexError, KeyError, TypeError) as error:
        raise NoCalendar("is no calendar") from error
    found: list[Period] = []
    for calendar in calendars:
        if calendar.name != "VCALENDAR":
            raise NoCalendar("is no calendar")
        local = _zone_of(calendar, zone)
        for event in recurring_ical_events.of(calendar, skip_bad_series=True).between(since, until):
            if _keeps_busy(event):
                found.append(_period(event, local))
        found += _free_busy(calendar, local)
        if len(found) > most:
            raise NoCalendar(f"has more than {most} entries")
    if not calendars:
        raise NoCalendar("is no calendar")
    return _joined(found, since, until)


def _keeps_busy(event: Any) -> bool:
    return not (
        str(event.get("STATUS", "")).upper() == "CANCELLED"
        or str(event.get("TRANSP", "OPAQUE")).upper() == "TRANSPARENT"
        or str(event.get("X-MICROSOFT-CDO-BUSYSTATUS", "")).upper() in FREE
        or str(event.get("UID", "")).endswith(OWN_UIDS)
    )


def _period(event: Any, zone: ZoneInfo) -> Period:
    start = event["DTSTART"].dt
    if "DTEND" in event:
        end = event["DTEND"].dt
    elif "DURATION" in event:
        end = start + event["DURATION"].dt
    else:  # RFC 5545 3.6.1: a day takes the day, an instant nothing
        end = start if isinstance(start, datetime) else start + timedelta(days=1)
    return _instant(start, zone), _instant(end, zone)


def _free_busy(calendar: Any, zone: ZoneInfo) -> Iterator[Period]:
    for component in calendar.walk("VFREEBUSY"):
        listed = component.get("FREEBUSY", [])
        for entry in listed if isinstance(listed, list) else [listed]:
            kind = str(getattr(entry, "params", {}).get("FBTYPE", "BUSY")).upper()
            for item in getattr(entry, "dts", [entry]):
                period = getattr(item, "dt", item)
                if kind in BUSY_KINDS and isinstance(period, tuple):
                    start, end = period
                    end = start + end if isinstance(end, timedelta) else end
                    yield _instant(start, zone), _instant(end, zone)


def _instant(moment: date | datetime, zone: ZoneInfo) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), zone)
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)


def _zone_of(calendar: Any, zone: ZoneInfo) -> ZoneInfo:
    try:
        return ZoneInfo(str(calendar.get("X-WR-TIMEZONE", "")) or str(zone))
    except (ValueError, OSError, KeyError):
        return zone


def _joined(periods: list[Period], since: datetime, until: datetime) -> list[Period]:
    joined: list[Period] = []
    for start, end in sorted((max(start, since), min(end, until)) for start, end in periods):
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def main() -> None:
    order = json.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_CPU, (order["cpu_seconds"], order["cpu_seconds"]))
    resource.setrlimit(resource.RLIMIT_AS, (order["memory_bytes"], order["memory_bytes"]))
    try:
        found = busy_periods(
            sys.stdin.buffer.read(),
            since=datetime.fromisoformat(order["since"]),
            until=datetime.fromisoformat(order["until"]),
            zone=ZoneInfo(order["zone"]),
            most=order["most"],
        )
    except NoCalendar as error:
        sys.stdout.write(json.dumps({"wrong": str(error)}))
    else:
        sys.stdout.write(json.dumps({"busy": [[start.isoformat(), end.isoformat()] for start, end in found]}))


if __name__ == "__main__":
    main()
