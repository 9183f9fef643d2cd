"""Addresses under which a calendar subscribes to the bookings of a business or of one resource.

Whoever has the address reads the feed, so it is unguessable, shown once, kept as a hash, replaced or taken away at any
time; and it says no more than a calendar needs. Numbers of callers are in it only where the merchant wants them there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import Conflict, FieldError, NotFound, ValidationFailed
from callwaiting.core.ids import new_id, new_token
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import ics, listing
from callwaiting.features.bookings.links import token_hash
from callwaiting.features.bookings.models import BookingFeed, BookingResource
from callwaiting.features.callers import service as callers
from callwaiting.features.merchants import service as merchants

TOKEN_BITS = 256
MAX_FEEDS = 20
BACK, AHEAD, MOST = timedelta(days=30), timedelta(days=365), 2000


class FeedNotFound(NotFound):
    reason = "bookings.feed_not_found"


class TooManyFeeds(Conflict):
    reason = "bookings.too_many_feeds"


class FeedOwner(NamedTuple):
    merchant_id: UUID
    feed_id: UUID


@dataclass(frozen=True, slots=True)
class Made:
    """`url` is shown this once."""

    id: UUID
    url: str


def add(session: Session, *, name: str, resource_id: UUID | None, numbers: bool) -> Made:
    """Make a feed of all bookings, or those of one resource. Raises ValidationFailed, TooManyFeeds."""
    known = select(BookingResource.id).where(BookingResource.id == resource_id)
    if resource_id is not None and session.scalar(known) is None:
        raise ValidationFailed(FieldError("resource_id", "There is nothing like this to book."))
    if (session.scalar(select(func.count()).select_from(BookingFeed)) or 0) >= MAX_FEEDS:
        raise TooManyFeeds(message=f"There are {MAX_FEEDS} feeds already.")
    token = new_token(TOKEN_BITS)
    row = BookingFeed(
        merchant_id=merchant_of(session),
        id=new_id(),
        name=name,
        resource_id=resource_id,
        numbers=numbers,
        token_hash=token_hash(token),
    )
    session.add(row)
    session.flush()
    audit.record(session, "booking_feed.added", subject=f"booking_feed:{row.id}", details={"numbers": numbers})
    return Made(row.id, _url(session, token))


def rotate(session: Session, feed_id: UUID, version: int) -> Made:
    """Give a feed a new address; the old one ends at once. Raises FeedNotFound, PreconditionFailed."""
    row = _locked(session, feed_id, version)
    token = new_token(TOKEN_BITS)
    row.token_hash, row.version = token_hash(token), version + 1
    session.flush()
    audit.record(session, "booking_feed.rotated", subject=f"booking_feed:{feed_id}")
    return Made(feed_id, _url(session, token))


def remove(session: Session, feed_id: UUID, version: int) -> None:
    """Its address ends at once. Raises FeedNotFound, PreconditionFailed."""
    _locked(session, feed_id, version)
    session.execute(delete(BookingFeed).where(BookingFeed.id == feed_id))
    audit.record(session, "booking_feed.removed", subject=f"booking_feed:{feed_id}")


def newest(session: Session, *, before: UUID | None, limit: int) -> Sequence[BookingFeed]:
    query = select(BookingFeed).order_by(BookingFeed.id.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(BookingFeed.id < before)).all()


def one(session: Session, feed_id: UUID) -> BookingFeed:
    """Raises FeedNotFound."""
    row = session.scalar(select(BookingFeed).where(BookingFeed.id == feed_id))
    if row is None:
        raise FeedNotFound(str(feed_id))
    return row


def owner_of_token(session: Session, token: str) -> FeedOwner:
    """Whose feed this is; needs no tenant. Raises FeedNotFound."""
    sought = {"hash": token_hash(token)}
    row = session.execute(text("select merchant_id, feed_id from auth.booking_feed(:hash)"), sought).one_or_none()
    if row is None:
        raise FeedNotFound
    return FeedOwner(row.merchant_id, row.feed_id)


def calendar_of(session: Session, feed_id: UUID) -> bytes:
    """Bookings from a month ago to a year ahead, the cancelled among them, each with its UID and rising SEQUENCE.

    The same bookings give the same bytes. Raises FeedNotFound.
    """
    row, now = one(session, feed_id), clock.now()
    entries = listing.between(session, now - BACK, now + AHEAD, resource_id=row.resource_id, limit=MOST)
    ids = [entry.caller_id for entry in entries if entry.caller_id is not None]
    numbers = callers.numbers_of(session, ids) if row.numbers else {}
    return ics.calendar(entries, name=f"{merchants.profile(session).name}: {row.name}", numbers=numbers)


def _locked(session: Session, feed_id: UUID, version: int) -> BookingFeed:
    row = session.scalar(
        select(BookingFeed).where(BookingFeed.id == feed_id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise FeedNotFound(str(feed_id))
    require_version(row.version, version)
    return row


def _url(session: Session, token: str) -> str:
    settings: Settings = session.info["settings"]
    return f"{settings.public_base_url}/b/feeds/{token}.ics"
