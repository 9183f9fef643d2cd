"""Feeds of bookings and calendars elsewhere, as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.schemas import Count, Instant, Schema, Version
from callwaiting.providers.outside import MAX_URL

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), Field(examples=["Anna's phone"])
]
Address = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_URL, pattern=r"^[!-~]+$"),
    Field(
        description="An https or webcal address of a file in iCalendar's format; kept sealed and never shown.",
        examples=["https://calendar.example.com/marco/busy.ics"],
    ),
]
WhenStale = Literal["offer", "hold_back"]


class FeedBody(Schema):
    """Of all bookings, or of one resource. `numbers`: entries name the caller's number."""

    name: Name
    resource_id: UUID | None = None
    numbers: bool = False


class FeedFace(FeedBody):
    id: UUID
    version: Version
    created_at: Instant


class NewFeed(FeedFace):
    """Whoever has the address reads the feed. It is shown this once."""

    url: str = Field(examples=["https://shop.example.com/b/feeds/2s7K….ics"])


class CalendarBody(Schema):
    """Times that the calendar has as busy are not offered for the resource. `when_stale`: when the calendar could not
    be read for six hours, what it said last still holds (`offer`), or nothing is offered (`hold_back`)."""

    name: Name
    resource_id: UUID
    address: Address
    when_stale: WhenStale = "offer"


class CalendarChange(Schema):
    """Without an address it keeps the one it has."""

    name: Name
    address: Address | None = None
    when_stale: WhenStale


class CalendarFace(Schema):
    """`problem` is why it could not be read last; `busy` how many of its periods are to come."""

    id: UUID
    name: Name
    resource_id: UUID
    host: str = Field(examples=["calendar.example.com"])
    when_stale: WhenStale
    read_at: Instant | None
    stale: bool
    problem: str = Field(examples=["HTTP 503"])
    busy: Count
    version: Version
    created_at: Instant
