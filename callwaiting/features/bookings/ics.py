"""Bookings as calendar entries (RFC 5545). One that is moved or cancelled keeps its UID, and its SEQUENCE rises."""

from __future__ import annotations

from collections.abc import Iterable

from callwaiting.features.bookings.listing import Entry

PRODUCT = "-//Callwaiting//Bookings//EN"
DOMAIN = "callwaiting"


def calendar(entries: Iterable[Entry], *, name: str, titled: str = "") -> bytes:
    """A calendar of these bookings. `titled` says with whom, for the caller's own; else what and of which resource.

    No entry names a caller: whoever has the address of a calendar reads it.
    """
    from icalendar import Calendar, Event

    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", name)
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.id}@{DOMAIN}")
        event.add("sequence", entry.version)
        event.add("dtstamp", entry.changed_at)
        event.add("last-modified", entry.changed_at)
        event.add("dtstart", entry.start)
        event.add("dtend", entry.end)
        what = entry.service or "Booking"
        event.add("summary", f"{what}: {titled}" if titled else f"{what} ({entry.resource} {entry.unit})")
        event.add("status", "CANCELLED" if entry.state == "cancelled" else "CONFIRMED")
        made.add_component(event)
    return bytes(made.to_ical())
