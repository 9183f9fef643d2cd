"""Days with other hours, or none: a holiday of one's own, late-night shopping, "we close today"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import Conflict, FieldError, NotFound, ValidationFailed
from callwaiting.core.events import publish
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import changes, holding
from callwaiting.features.bookings.availability import Opening, Window
from callwaiting.features.bookings.events import BookingsToLock
from callwaiting.features.bookings.hours import hours_of
from callwaiting.features.bookings.models import Booking, BookingResource, BookingSpecialDay
from callwaiting.features.bookings.transitions import State
from callwaiting.features.merchants import service as merchants

Fate = Literal["keep", "cancel"]


class SpecialDayExists(Conflict):
    """The day has other hours already: they have to be taken away first."""

    reason = "bookings.special_day_exists"


class SpecialDayNotFound(NotFound):
    reason = "bookings.special_day_not_found"


@dataclass(frozen=True, slots=True)
class Change:
    """`outside` is how many bookings to come lay outside the new hours, of which `cancelled` were cancelled."""

    id: UUID
    outside: int
    cancelled: int


def add_special_day(
    session: Session,
    *,
    day: date,
    resource_id: UUID | None,
    openings: Sequence[Opening],
    note: str,
    bookings: Fate,
) -> Change:
    """Give a day these hours instead of its usual ones; none: closed. Of one resource, or of the whole business.

    Holds outside of them are given up at once. Bookings to come outside of them stay, or are cancelled and their
    callers told. Raises ValidationFailed, SpecialDayExists.
    """
    _check(session, day, resource_id, openings)
    locked = select(BookingResource).order_by(BookingResource.id).with_for_update()
    resources = session.scalars(locked if resource_id is None else locked.where(BookingResource.id == resource_id))
    affected = resources.all()  # nobody holds a slot of theirs meanwhile
    made: UUID | None = session.scalar(
        insert(BookingSpecialDay)
        .values(
            merchant_id=merchant_of(session),
            id=new_id(),
            resource_id=resource_id,
            day=day,
            periods=[[f"{opening.opens:%H:%M}", f"{opening.closes:%H:%M}"] for opening in openings],
            note=note,
        )
        .on_conflict_do_nothing()
        .returning(BookingSpecialDay.id)
    )
    if made is None:
        raise SpecialDayExists(str(day), message="This day has other hours already.")
    outside = _outside(session, affected, day)
    confirmed = [booking.id for booking in outside if booking.state != State.HELD]
    for booking in outside:
        if booking.state == State.HELD:
            holding.release(session, booking.id)
        elif bookings == "cancel":
            changes.cancel(session, booking.id, by="team", deposit="refund")
    cancelled = len(confirmed) if bookings == "cancel" else 0
    audit.record(
        session,
        "booking_special_day.added",
        subject=f"booking_special_day:{made}",
        details={"day": str(day), "periods": len(openings), "outside": len(confirmed), "cancelled": cancelled},
    )
    return Change(made, len(confirmed), cancelled)


def by_day(
    session: Session, *, since: date | None, after: tuple[date, UUID] | None, limit: int
) -> Sequence[BookingSpecialDay]:
    """Special days in their order, from `since` or from today on; those after the given one."""
    today = clock.now().astimezone(merchants.profile(session).timezone).date()
    query = select(BookingSpecialDay).order_by(BookingSpecialDay.day, BookingSpecialDay.id).limit(limit)
    query = query.where(BookingSpecialDay.day >= (since or today))
    if after is not None:
        query = query.where(tuple_(BookingSpecialDay.day, BookingSpecialDay.id) > after)
    return session.scalars(query).all()


def special_day(session: Session, special_day_id: UUID) -> BookingSpecialDay:
    """Raises SpecialDayNotFound."""
    row = session.scalar(select(BookingSpecialDay).where(BookingSpecialDay.id == special_day_id))
    if row is None:
        raise SpecialDayNotFound(str(special_day_id))
    return row


def remove_special_day(session: Session, special_day_id: UUID) -> None:
    """The day has its usual hours again. Raises SpecialDayNotFound."""
    row = special_day(session, special_day_id)
    session.execute(delete(BookingSpecialDay).where(BookingSpecialDay.id == special_day_id))
    audit.record(
        session,
        "booking_special_day.removed",
        subject=f"booking_special_day:{special_day_id}",
        details={"day": str(row.day)},
    )


def _outside(session: Session, resources: Sequence[BookingResource], day: date) -> list[Booking]:
    """Bookings and holds that begin on the day, are still to come, and no longer fit into the hours."""
    zone = merchants.profile(session).timezone
    hours = hours_of(session, resources, day, day)
    meant = (
        merchants.days(session, day, day).contain(Booking.starts_at),
        Booking.starts_at > clock.now(),
        Booking.resource_id.in_([resource.id for resource in resources]),
        Booking.state.in_([State.CONFIRMED, State.AWAITING_DEPOSIT, State.HELD]),
    )
    publish(session, BookingsToLock(tuple(session.scalars(select(Booking.id).where(*meant)))))
    rows = session.scalars(
        select(Booking)
        .where(*meant)
        .order_by(Booking.starts_at, Booking.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    open_at: dict[UUID, list[Window]] = {
        resource_id: [*of.of(day - timedelta(days=1), zone), *of.of(day, zone)] for resource_id, of in hours.items()
    }
    found = []
    for booking in rows:
        slot = holding.slot_of(booking)
        windows = open_at[booking.resource_id]
        if not any(window.start <= slot.start and slot.end <= window.end for window in windows):
            found.append(booking)
    return found


def _check(session: Session, day: date, resource_id: UUID | None, openings: Sequence[Opening]) -> None:
    wrong = []
    if day < clock.now().astimezone(merchants.profile(session).timezone).date():
        wrong.append(FieldError("day", "Must not be over."))
    known = select(BookingResource.id).where(BookingResource.id == resource_id)
    if resource_id is not None and session.scalar(known) is None:
        wrong.append(FieldError("resource_id", "There is nothing like this to book."))
    ordered = sorted(openings)
    for place, (opening, following) in enumerate(pairwise(ordered)):
        if opening.closes <= opening.opens or opening.closes > following.opens:
            wrong.append(FieldError(f"periods.{place}", "Must end before the next period begins."))
    if wrong:
        raise ValidationFailed(*wrong)
