"""`/api/v1/booking-feeds` and `/api/v1/booking-calendars`: bookings into other calendars, and theirs into ours."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.bookings import calendars, feeds
from callwaiting.features.bookings.calendar_schemas import (
    CalendarBody,
    CalendarChange,
    CalendarFace,
    FeedBody,
    FeedFace,
    NewFeed,
)

api = Api("booking-calendars")
FEED = "/booking-feeds/<uuid:feed_id>"
CALENDAR = "/booking-calendars/<uuid:calendar_id>"


@api.get("/booking-feeds", requires="bookings.read", query=PageQuery, answers=Page[FeedFace])
def newest_feeds(session: Session, query: PageQuery) -> Page[FeedFace]:
    """Feeds of bookings, newest first. Their addresses are not shown again."""
    rows = feeds.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[FeedFace].of(rows, query, key=lambda row: row.id)


# No Idempotency-Key: its kept answer would be a second place where the address lies.
@api.post(
    "/booking-feeds",
    requires="merchant.write",
    idempotent=False,
    body=FeedBody,
    answers=NewFeed,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add_feed(session: Session, body: FeedBody) -> NewFeed:
    """Make an address under which a calendar subscribes to bookings.

    The answer is the only one that shows it. 409 when there are twenty already.
    """
    made = feeds.add(session, name=body.name, resource_id=body.resource_id, numbers=body.numbers)
    return _new(session, made)


@api.get(FEED, requires="bookings.read", answers=FeedFace)
def one_feed(session: Session, feed_id: UUID) -> FeedFace:
    """One feed."""
    return FeedFace.model_validate(feeds.one(session, feed_id))


@api.post(f"{FEED}/rotate", requires="merchant.write", idempotent=False, if_match=True, answers=NewFeed)
def rotate_feed(session: Session, feed_id: UUID, version: int) -> NewFeed:
    """Give a feed a new address. The old one ends at once."""
    return _new(session, feeds.rotate(session, feed_id, version))


@api.delete(FEED, requires="merchant.write", if_match=True)
def remove_feed(session: Session, feed_id: UUID, version: int) -> None:
    """Take a feed away. Its address ends at once."""
    feeds.remove(session, feed_id, version)


@api.get("/booking-calendars", requires="bookings.read", query=PageQuery, answers=Page[CalendarFace])
def newest_calendars(session: Session, query: PageQuery) -> Page[CalendarFace]:
    """Calendars elsewhere, newest first."""
    rows = calendars.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[CalendarFace].of(rows, query, key=lambda row: row.id)


@api.post(
    "/booking-calendars",
    requires="merchant.write",
    body=CalendarBody,
    answers=CalendarFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add_calendar(session: Session, body: CalendarBody) -> CalendarFace:
    """Have a resource's busy times read from a calendar elsewhere, at once and every quarter of an hour.

    409 when there are fifty already.
    """
    calendar_id = calendars.add(
        session, name=body.name, resource_id=body.resource_id, address=body.address, when_stale=body.when_stale
    )
    return CalendarFace.model_validate(calendars.one(session, calendar_id))


@api.get(CALENDAR, requires="bookings.read", answers=CalendarFace)
def one_calendar(session: Session, calendar_id: UUID) -> CalendarFace:
    """One calendar, and how reading it goes."""
    return CalendarFace.model_validate(calendars.one(session, calendar_id))


@api.put(CALENDAR, requires="merchant.write", body=CalendarChange, answers=CalendarFace)
def change_calendar(session: Session, calendar_id: UUID, body: CalendarChange, version: int) -> CalendarFace:
    """Change a calendar. What it said last holds until its new address has been read."""
    calendars.change(session, calendar_id, version, name=body.name, address=body.address, when_stale=body.when_stale)
    return CalendarFace.model_validate(calendars.one(session, calendar_id))


@api.post(
    f"{CALENDAR}/read",
    requires="bookings.write",
    idempotent=False,
    answers=CalendarFace,
    status=202,
)
def read_calendar(session: Session, calendar_id: UUID) -> CalendarFace:
    """Have a calendar read now."""
    calendars.read_soon(session, calendar_id)
    return CalendarFace.model_validate(calendars.one(session, calendar_id))


@api.delete(CALENDAR, requires="merchant.write")
def remove_calendar(session: Session, calendar_id: UUID) -> None:
    """Forget a calendar; its busy times can be booked again at once."""
    calendars.remove(session, calendar_id)


def _new(session: Session, made: feeds.Made) -> NewFeed:
    face = FeedFace.model_validate(feeds.one(session, made.id))
    return NewFeed(url=made.url, **face.model_dump())
