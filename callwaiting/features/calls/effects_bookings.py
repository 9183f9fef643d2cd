"""Bookings as the dialogue wants them: times looked for, held, booked, moved and cancelled."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import PreconditionFailed
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.errors import BookingFixed, ServiceNotFound, SlotTaken, TooLate
from callwaiting.features.bookings.service import Entry, Slot
from callwaiting.features.calls.acts import (
    CancelBooking,
    ConfirmBooking,
    FindBooking,
    FindSlots,
    HoldSlot,
    MoveBooking,
    ReleaseBooking,
)
from callwaiting.features.calls.outcomes import (
    Booked,
    BookingChanged,
    BookingFound,
    BookingTooLate,
    BookingUnknown,
    DepositNeedsTexts,
    DepositUnderway,
    ServiceGone,
    SlotHeld,
    SlotLost,
    SlotReleased,
    SlotsFound,
)
from callwaiting.features.calls.reach import can_text
from callwaiting.features.calls.state import Held, Visit, Wanted
from callwaiting.features.calls.talk import Talk
from callwaiting.features.calls.timetable import choose
from callwaiting.features.merchants.service import Profile
from callwaiting.features.payments.errors import PaymentUnderway

MOST = 100
AHEAD = timedelta(days=14)  # so far free times are looked for when no day was named

Wish = FindSlots | HoldSlot | ConfirmBooking | ReleaseBooking | FindBooking | CancelBooking | MoveBooking
Outcome = (
    SlotsFound | SlotHeld | SlotReleased | SlotLost | Booked | BookingFound | BookingUnknown | BookingTooLate
    | BookingChanged | ServiceGone | DepositNeedsTexts | DepositUnderway
)  # fmt: skip


def book(session: Session, talk: Talk, profile: Profile, effect: Wish) -> Outcome:
    """Do what is wanted of a booking."""
    try:
        match effect:
            case FindSlots(limit, wanted, visit):
                return _find(session, profile, limit, wanted, visit)
            case HoldSlot(slot, then=(_, *_) as then):
                row = bookings.hold_row(session, slot, then, call_id=talk.call_id, caller_id=talk.caller_id)
                (held, _), *others = row.items()
                return SlotHeld(held, slot, tuple(Held(*other) for other in others))
            case HoldSlot(slot, party):
                held = bookings.hold_slot(session, slot, call_id=talk.call_id, caller_id=talk.caller_id, party=party)
                return SlotHeld(held, slot)
            case ReleaseBooking(booking_ids):
                for booking_id in booking_ids:
                    bookings.release(session, booking_id)
                return SlotReleased()
            case ConfirmBooking(booking_ids):
                return _confirm(session, talk, booking_ids)
            case FindBooking(day, service_id):
                return _own(session, talk, day, service_id)
            case CancelBooking(booking_id, version):
                with session.begin_nested():
                    bookings.cancel(session, booking_id, version=version)
                talk.keep("change")
                return BookingChanged(None)
            case MoveBooking(booking_id, version, slot):
                with session.begin_nested():
                    bookings.move(session, booking_id, slot, version=version)
                talk.keep("change")
                return BookingChanged(slot, bookings.awaited(session, booking_id))
    except SlotTaken:
        return SlotLost()
    except ServiceNotFound:
        return ServiceGone()
    except TooLate:
        return BookingTooLate()
    except PaymentUnderway:
        return DepositUnderway()
    except PreconditionFailed:  # changed since it was read out: so it is read out anew
        return _as_it_is(session, talk, effect)
    except BookingFixed:
        return BookingUnknown()


def _confirm(session: Session, talk: Talk, booking_ids: tuple[UUID, ...]) -> Booked | DepositNeedsTexts:
    """All that is held, or nothing: what is left of it is free again then. Raises SlotTaken."""
    texted = can_text(session, talk.caller_id)
    if not texted and any(bookings.has_deposit(session, booking_id) for booking_id in booking_ids):
        return DepositNeedsTexts()
    if talk.caller_id is not None:
        for booking_id in booking_ids:
            bookings.attach_caller(session, booking_id, talk.caller_id)
    try:
        with session.begin_nested():
            slots = [bookings.confirm(session, each, phone_number_id=talk.phone_number_id) for each in booking_ids]
    except SlotTaken:
        for booking_id in booking_ids:
            bookings.release(session, booking_id)
        raise
    talk.keep("booking")
    return Booked(slots[0], texted=texted, deposit=bookings.awaited(session, booking_ids[0]))


def _find(session: Session, profile: Profile, limit: int, wanted: Wanted, visit: Visit) -> SlotsFound:
    """The times that were wished, or those nearest to them; else the next ones of the next two weeks."""

    def free(limit: int, first: date, last: date | None = None) -> list[Slot]:
        if visit.service_id is not None and visit.then:
            services = (visit.service_id, *visit.then)
            rows = bookings.free_rows(
                session, services, limit=limit, resource_id=visit.place_id, first=first, last=last
            )
            return [row[0] for row in rows]
        return bookings.free_slots(
            session,
            limit=limit,
            service_id=visit.service_id,
            resource_id=visit.place_id,
            party=visit.party,
            first=first,
            last=last,
        )

    today = clock.now().astimezone(profile.timezone).date()
    if wanted != Wanted():
        for day in [wanted.day] if wanted.day else [today, today + timedelta(days=1)]:
            found = choose(free(MOST, day), wanted, profile.timezone, limit)
            if found.slots and (found.fitting or wanted.day):
                return found
    soon = free(limit, today, today + timedelta(days=1)) or free(limit, today, today + AHEAD)
    return SlotsFound(tuple(soon), fitting=wanted == Wanted(), doubtful=wanted.doubtful)


def _own(session: Session, talk: Talk, day: date, service_id: UUID | None) -> BookingFound | BookingUnknown:
    """The first booking to come of this caller on a day, also one that waits for its deposit."""
    if talk.caller_id is None:
        return BookingUnknown()
    own = bookings.to_come(session, talk.caller_id, day=day, service_id=service_id, limit=1, unpaid=True)
    return _found(own[0]) if own else BookingUnknown()


def _as_it_is(session: Session, talk: Talk, effect: Wish) -> BookingFound | BookingUnknown:
    own = bookings.to_come(session, talk.caller_id, unpaid=True) if talk.caller_id else []
    wanted = effect.booking_id if isinstance(effect, CancelBooking | MoveBooking) else None
    return next((_found(entry) for entry in own if entry.id == wanted), BookingUnknown())


def _found(entry: Entry) -> BookingFound:
    slot = Slot(entry.resource_id, entry.start, entry.end, entry.service_id)
    unpaid = entry.confirmed_at is None
    return BookingFound(entry.id, entry.version, slot, entry.party_size, unpaid=unpaid)
