"""The mail with a booking's calendar entry, for who has given an address: when it is made, moved, cancelled.

RFC 5546: REQUEST with a risen SEQUENCE replaces the entry, CANCEL takes it out. One mail for each version.
"""

from __future__ import annotations

from email.utils import parseaddr
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.settings import Settings
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import ics, listing, repository
from callwaiting.features.bookings.errors import BookingFixed, BookingNotFound
from callwaiting.features.bookings.ics import Invitation
from callwaiting.features.bookings.links import link_to
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.slots import spoken_time
from callwaiting.features.bookings.transitions import State
from callwaiting.features.keys import service as keys
from callwaiting.features.mails.service import plan_mail
from callwaiting.features.merchants import service as merchants
from callwaiting.providers.ports import CalendarPart


def give_address(session: Session, booking_id: UUID, email: str) -> None:
    """Keep where the entry goes, once, and send it if the booking is confirmed.

    Raises BookingNotFound, ValidationFailed, BookingFixed when there is an address already: whoever holds a link must
    not send mail to all the world.
    """
    booking = repository.locked(session, booking_id)
    if booking is None:
        raise BookingNotFound(str(booking_id))
    if not _is_address(email):
        raise ValidationFailed(FieldError("email", "Must be an e-mail address."))
    if booking.email_sealed is not None:
        raise BookingFixed("has an address", message="This booking has an e-mail address already.")
    booking.email_sealed = keys.seal(session, _place(booking_id), email)
    session.flush()
    audit.record(session, "booking.email_given", subject=f"booking:{booking_id}")
    mail_entry(session, booking)


def mail_entry(session: Session, booking: Booking) -> None:
    """Send the entry of a booking as it is now, if there is an address and it was made."""
    sealed = session.scalar(select(Booking.email_sealed).where(Booking.id == booking.id))
    if sealed is None or booking.state not in {State.CONFIRMED, State.CANCELLED}:
        return
    settings: Settings = session.info["settings"]
    email = keys.unseal(session, _place(booking.id), sealed).decode()
    profile, entry = merchants.profile(session), listing.one(session, booking.id)
    cancelled = entry.state == State.CANCELLED
    method: ics.Method = "CANCEL" if cancelled else "REQUEST"
    between = Invitation(method, organizer=parseaddr(settings.mail_from)[1], attendee=email)
    when = spoken_time(entry.start, profile.timezone, clock.now())
    local = entry.start.astimezone(profile.timezone)
    dated = f"{when} ({local:%a}, {local:%b} {local.day})"
    if cancelled:
        text = f"Your booking at {profile.name}, {dated}, is cancelled.\n"
    else:
        text = f"You are booked at {profile.name} {dated}.\n\nTo change it: {link_to(session, booking.id)}\n"
    plan_mail(
        session,
        "bookings.entry",
        recipient=email,
        subject=f"{'Cancelled: ' if cancelled else ''}{entry.service or 'Your booking'} at {profile.name}",
        text=text,
        calendar=CalendarPart(method, ics.invitation(entry, business=profile.name, between=between).decode()),
    )


def _is_address(email: str) -> bool:
    """One mailbox of printable ASCII without a name: it stands in the head of a mail and in a calendar."""
    name, at, domain = email.rpartition("@")
    plain = email.isascii() and email.isprintable() and not set(email) & set(' ,;:<>()[]"\\')
    return bool(plain and name and at and "@" not in name and "." in domain.strip(".") and len(email) <= 254)


def _place(booking_id: UUID) -> Place:
    return Place("bookings", "email", booking_id)
