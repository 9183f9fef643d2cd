"""Bookings as calendar entries (RFC 5545). One that is moved or cancelled keeps its UID, and its SEQUENCE rises."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from callwaiting.features.bookings.listing import Entry

if TYPE_CHECKING:  # it takes a tenth of a second to import, and few processes need it
    from icalendar import Calendar, Event

PRODUCT = "-//Callwaiting//Bookings//EN"
DOMAIN = "callwaiting"
Method = Literal["REQUEST", "CANCEL"]


@dataclass(frozen=True, slots=True)
class Invitation:
    """Between whom a mail goes: RFC 5546 wants both named in what a mail carries."""

    method: Method
    organizer: str
    attendee: str


def calendar(
    entries: Iterable[Entry], *, name: str, titled: str = "", numbers: Mapping[UUID, str] | None = None
) -> bytes:
    """A calendar of these bookings to read. `titled` says with whom, for the caller's own; else what and of which
    resource.

    No entry names a caller, as whoever has the address of a calendar reads it; only the `numbers` that are given.
    """
    made = _calendar("PUBLISH")
    made.add("x-wr-calname", name)
    for entry in entries:
        what = entry.service or "Booking"
        event = _event(entry, f"{what}: {titled}" if titled else f"{what} ({entry.resource} {entry.unit})")
        number = (numbers or {}).get(entry.caller_id) if entry.caller_id else None
        if number is not None:
            event.add("description", number)
        made.add_component(event)
    return bytes(made.to_ical())


def invitation(entry: Entry, *, business: str, between: Invitation) -> bytes:
    """One booking for its caller, as a mail carries it: REQUEST enters or moves it, CANCEL takes it out.

    The caller has agreed already, so nobody is asked to accept.
    """
    from icalendar import vCalAddress

    made, event = _calendar(between.method), _event(entry, f"{entry.service or 'Booking'}: {business}")
    organizer, attendee = vCalAddress(f"mailto:{between.organizer}"), vCalAddress(f"mailto:{between.attendee}")
    organizer.params["CN"] = business
    attendee.params["PARTSTAT"], attendee.params["RSVP"] = "ACCEPTED", "FALSE"
    event.add("organizer", organizer)
    event.add("attendee", attendee)
    made.add_component(event)
    return bytes(made.to_ical())


def _calendar(method: str) -> Calendar:
    from icalendar import Calendar

    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("method", method)
    return made


def _event(entry: Entry, summary: str) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{entry.id}@{DOMAIN}")
    event.add("sequence", entry.version)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("dtstart", entry.start)
    event.add("dtend", entry.end)
    event.add("summary", summary)
    event.add("status", "CANCELLED" if entry.state == "cancelled" else "CONFIRMED")
    return event
