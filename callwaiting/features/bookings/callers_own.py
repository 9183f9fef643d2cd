"""What a caller sees of a booking of their own, and does with it by link or by text: within the merchant's notice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import changes, listing, offers, repository
from callwaiting.features.bookings.errors import BookingFixed, BookingNotFound, SlotTaken, TooLate
from callwaiting.features.bookings.listing import Entry
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.slots import Slot, spoken_time
from callwaiting.features.bookings.transitions import State
from callwaiting.features.merchants import service as merchants

TIMES, DAYS = 120, 14


@dataclass(frozen=True, slots=True)
class Time:
    """A time to which the booking can be moved, in words and as a form sends it."""

    words: str
    value: str


@dataclass(frozen=True, slots=True)
class Own:
    """`when` is the time in words; `changeable`: it can still be moved or cancelled here, to one of `times`; `mailed`:
    its entry goes to an e-mail address."""

    business: str
    entry: Entry
    when: str
    changeable: bool
    mailed: bool
    times: tuple[Time, ...]


def own(session: Session, booking_id: UUID) -> Own:
    """Raises BookingNotFound."""
    entry, profile, now = listing.one(session, booking_id), merchants.profile(session), clock.now()
    row = session.scalar(select(Booking).where(Booking.id == booking_id))
    changeable = row is not None and row.state == State.CONFIRMED
    if row is not None and changeable:
        try:
            changes.require_changeable(session, row, "caller")
        except (BookingFixed, TooLate):
            changeable = False
    times = _slots(session, entry) if changeable else []
    return Own(
        business=profile.name,
        entry=entry,
        when=spoken_time(entry.start, profile.timezone, now),
        changeable=changeable,
        mailed=row is not None and row.email_sealed is not None,
        times=tuple(Time(spoken_time(slot.start, profile.timezone, now), slot.start.isoformat()) for slot in times),
    )


def cancel(session: Session, booking_id: UUID, version: int) -> None:
    """Raises BookingNotFound, PreconditionFailed, BookingFixed, TooLate."""
    changes.cancel(session, booking_id, version=version)


def move(session: Session, booking_id: UUID, version: int, start: datetime) -> None:
    """To another time of the same kind.

    Raises BookingNotFound, PreconditionFailed, BookingFixed, TooLate, SlotTaken."""
    entry = listing.one(session, booking_id)
    slot = next((slot for slot in _slots(session, entry) if slot.start == start), None)
    if slot is None:
        raise SlotTaken(f"no slot at {start}", message="This time is not free any more.")
    changes.move(session, booking_id, slot, version=version)


def acknowledge(session: Session, booking_id: UUID) -> None:
    """Keep that the caller will come. Raises BookingNotFound, BookingFixed."""
    booking = repository.locked(session, booking_id)
    if booking is None:
        raise BookingNotFound(str(booking_id))
    if booking.state != State.CONFIRMED:
        raise BookingFixed(booking.state, message=f"This booking is {booking.state.replace('_', ' ')}.")
    if booking.acknowledged_at is None:
        booking.acknowledged_at = clock.now()
        session.flush()
        audit.record(session, "booking.acknowledged", subject=f"booking:{booking_id}")


def _slots(session: Session, entry: Entry) -> list[Slot]:
    """The next times of the booking's service, or of its resource when it is for none; of any with seats
    for the party."""
    today = clock.now().astimezone(merchants.profile(session).timezone).date()
    if entry.service_id is not None and not offers.is_on_offer(session, entry.service_id):
        return []
    return offers.free_slots(
        session,
        limit=TIMES,
        service_id=entry.service_id,
        resource_id=None if entry.service_id or entry.party_size else entry.resource_id,
        party=entry.party_size,
        first=today,
        last=today + timedelta(days=DAYS),
    )
