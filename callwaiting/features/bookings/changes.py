"""Moving, cancelling and closing bookings, whoever asks: the team, a caller on the phone, by link or by text."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import offers, repository, rules
from callwaiting.features.bookings.errors import BookingFixed, BookingNotFound, SlotTaken, TooLate
from callwaiting.features.bookings.events import BookingCancelled, BookingsToLock
from callwaiting.features.bookings.holding import end_expired_holds
from callwaiting.features.bookings.mailing import mail_entry
from callwaiting.features.bookings.models import Booking, BookingResource
from callwaiting.features.bookings.slots import Slot
from callwaiting.features.bookings.telling import tell
from callwaiting.features.bookings.transitions import Move, State, after

EXCLUDED = "23P01"  # SQLSTATE exclusion_violation
By = Literal["team", "caller"]
Deposit = Literal["refund", "keep"]


def move(
    session: Session, booking_id: UUID, slot: Slot, *, version: int | None = None, by: By = "caller", told: bool = True
) -> None:
    """Move a booking that is still to come to another free slot, and plan the text that says so. One that waits for its
    deposit goes on waiting, until the same moment.

    Raises BookingNotFound; PreconditionFailed when its version is not `version`; BookingFixed when it is not to come;
    TooLate when a caller asks within the merchant's notice, or the slot begins before the deposit is due; SlotTaken
    when the slot is taken, is not offered, or is the one that the booking has. Nothing is changed then, provided that
    the transaction is rolled back.
    """
    _lock(session, slot.resource_id)
    booking = _changeable(session, booking_id, version, Move.MOVE, by)
    if (slot.resource_id, slot.start) == (booking.resource_id, booking.period.lower):
        raise SlotTaken("the same slot", message="The booking has this time already.")
    if booking.hold_expires_at is not None and slot.start <= booking.hold_expires_at:
        raise TooLate("deposit", message="This time begins before the deposit is due.")
    _take_unit(session, booking, slot)
    paid = booking.state == State.CONFIRMED
    if paid:
        rules.plan_reminder(session, booking)
    audit.record(session, "booking.moved", subject=f"booking:{booking_id}", details={"version": booking.version})
    if told:
        tell(session, booking, "moved" if paid else "moved_unpaid")
    if paid:  # nobody has an entry of one that is not
        mail_entry(session, booking)


def cancel(
    session: Session,
    booking_id: UUID,
    *,
    version: int | None = None,
    by: By = "caller",
    told: bool = True,
    asked_just_now: bool = False,
    deposit: Deposit | None = None,
) -> None:
    """Cancel a booking that is confirmed, or waits for its deposit, and is still to come, and plan the text that says
    so. Its time is free again. A deposit that was paid goes back, or stays: by `deposit`, or else by the merchant's
    notice, which a caller keeps anyway.

    `asked_just_now`: the text answers the caller's own, which keeps no quiet hours.

    Raises BookingNotFound, PreconditionFailed, BookingFixed, TooLate as `move` does, and PaymentUnderway while the
    deposit is just being taken.
    """
    publish(session, BookingsToLock((booking_id,)))
    booking = _changeable(session, booking_id, version, Move.CANCEL, by)
    booking.version += 1
    booking.remind_at, booking.changed_at = None, clock.now()
    session.flush()
    notice = timedelta(minutes=rules.rules_of(session).notice_minutes)
    in_time = booking.starts_at - clock.now() >= notice
    audit.record(session, "booking.cancelled", subject=f"booking:{booking_id}", details={"by": by})
    if told:
        what = "cancelled" if by == "team" else "cancelled_by_caller"
        tell(session, booking, what, answers_live_call=asked_just_now)
    if booking.confirmed_at is not None:  # nobody has an entry of one that was not
        mail_entry(session, booking)
    publish(session, BookingCancelled(booking_id, deposit or ("refund" if in_time else "keep")))


def close(session: Session, booking_id: UUID, move: Literal[Move.COMPLETE, Move.MISS], version: int) -> None:
    """Say of a booking that has begun that the caller was there (`complete`) or was not (`miss`).

    The one can be corrected into the other. Raises BookingNotFound, PreconditionFailed, BookingFixed.
    """
    booking = _locked(session, booking_id, version)
    state = after(booking.state, move)
    if state is None:
        raise BookingFixed(booking.state, message=f"This booking is {booking.state.replace('_', ' ')}.")
    if booking.starts_at > clock.now():
        raise BookingFixed("to come", message="The time of this booking has not come yet.")
    booking.state, booking.changed_at, booking.remind_at = state, clock.now(), None
    booking.version += 1
    session.flush()
    audit.record(session, f"booking.{state}", subject=f"booking:{booking_id}")


def require_changeable(session: Session, booking: Booking, by: By) -> None:
    """Raise BookingFixed when a booking has begun, TooLate when a caller comes within the merchant's notice."""
    if booking.starts_at <= clock.now():
        raise BookingFixed("begun", message="The time of this booking has come.")
    notice = rules.rules_of(session).notice_minutes
    if booking.state == State.AWAITING_DEPOSIT:
        return  # nobody counts on it yet
    if by == "caller" and booking.starts_at - clock.now() < timedelta(minutes=notice):
        raise TooLate(f"{notice} min", message="It is too late to change this booking here. Please call us.")


def _locked(session: Session, booking_id: UUID, version: int | None) -> Booking:
    booking = repository.locked(session, booking_id)
    if booking is None:
        raise BookingNotFound(str(booking_id))
    if version is not None:
        require_version(booking.version, version)
    return booking


def _changeable(session: Session, booking_id: UUID, version: int | None, move: Move, by: By) -> Booking:
    """The booking, locked and in the state that the move leads to."""
    booking = _locked(session, booking_id, version)
    state = after(booking.state, move)
    if state is None:
        raise BookingFixed(booking.state, message=f"This booking is {booking.state.replace('_', ' ')}.")
    require_changeable(session, booking, by)
    booking.state = state
    return booking


def _lock(session: Session, resource_id: UUID) -> None:
    """Moves to one resource go one after another: two rows that exclude each other would wait for each other, until
    Postgres ends one of the transactions with an error. Before any booking is locked, as everywhere."""
    session.execute(select(BookingResource.id).where(BookingResource.id == resource_id).with_for_update(key_share=True))


def _take_unit(session: Session, booking: Booking, slot: Slot) -> None:
    """Give the booking a free unit of the slot. Raises SlotTaken."""
    now = clock.now()
    end_expired_holds(session, slot.resource_id, now)
    terms, units = offers.units_of(session, slot, now=now, apart_from=booking.id, party=booking.party_size)
    occupied = terms.occupied(slot.start)
    for unit in units:
        try:
            with session.begin_nested():
                booking.resource_id, booking.unit, booking.service_id = slot.resource_id, unit, slot.service_id
                booking.period = Range(slot.start, slot.end)
                booking.occupied = Range(occupied.start, occupied.end)
                booking.version += 1
                booking.changed_at, booking.acknowledged_at = now, None
        except IntegrityError as error:
            if getattr(error.orig, "pgcode", None) != EXCLUDED:
                raise
        else:
            session.refresh(booking, ["starts_at"])
            return
    raise SlotTaken(message="This time is taken.")
