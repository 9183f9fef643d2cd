"""The texts about a booking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.bookings import questions
from callwaiting.features.bookings.links import link_to
from callwaiting.features.bookings.listing import Entry
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.slots import spoken_time
from callwaiting.features.bookings.transitions import State
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.events import TextReceived


def tell(session: Session, booking: Booking, what: str, *, answers_live_call: bool = False) -> None:
    """Plan a text to the caller about a booking, in the wording of `booking_<what>`, with the link under which it can
    be changed. Each version is told once, and reminded of once; one that was moved before it was paid is confirmed
    too."""
    if booking.caller_id is None or booking.phone_number_id is None:
        return
    values = {"time": time_in_words(session, booking.starts_at)}
    if booking.state == State.CONFIRMED:
        values["link"] = link_to(session, booking.id)
    key = f"booking:{booking.id}:v{booking.version}"
    questions.close(session, booking.caller_id)  # from now on a 1 answers this text
    messages.plan_text(
        session,
        f"booking_{what}",
        values,
        caller_id=booking.caller_id,
        phone_number_id=booking.phone_number_id,
        message_key=f"{key}:{what}" if what in {"reminder", "moved_unpaid"} else key,
        answers_live_call=answers_live_call,
        subject_id=booking.id,
    )


def answer(session: Session, event: TextReceived, template: str, entry: Entry) -> None:
    """Answer a caller's text about one booking, unless a person of the team writes with the caller."""
    if not event.assistant_may_answer:
        return
    values = {"time": time_in_words(session, entry.start)}
    if template == "booking_link":
        values["link"] = link_to(session, entry.id)
    _reply(session, event, template, values, subject_id=entry.id)


def ask_which(
    session: Session, event: TextReceived, template: str, entries: Sequence[Entry], question_id: UUID
) -> None:
    """Ask which of these bookings is meant, by number."""
    zone = merchants.profile(session).timezone
    listed = (
        f"{number}: {entry.start.astimezone(zone):%a, %b} {entry.start.astimezone(zone).day} {_clock(session, entry)}"
        for number, entry in enumerate(entries, 1)
    )
    _reply(session, event, template, {"choices": ", ".join(listed)}, subject_id=question_id)


def say_none(session: Session, event: TextReceived) -> None:
    """Nothing of this caller's is to come. Said once a day: two machines that answer each other come to an end."""
    if event.assistant_may_answer:
        messages.plan_text(
            session,
            "no_booking",
            {},
            caller_id=event.caller_id,
            phone_number_id=event.phone_number_id,
            message_key=f"no_booking:{event.caller_id}:{clock.now().date()}",
            answers_live_call=True,
        )


def time_in_words(session: Session, start: datetime) -> str:
    """`tomorrow at 3 PM (Tue, May 5)`: as it is spoken, and still true on another day."""
    zone = merchants.profile(session).timezone
    local = start.astimezone(zone)
    return f"{spoken_time(start, zone, clock.now())} ({local:%a}, {local:%b} {local.day})"


def _clock(session: Session, entry: Entry) -> str:
    return spoken_time(entry.start, merchants.profile(session).timezone, clock.now()).rpartition(" at ")[2]


def _reply(session: Session, event: TextReceived, template: str, values: dict[str, str], *, subject_id: UUID) -> None:
    messages.plan_text(
        session,
        template,
        values,
        caller_id=event.caller_id,
        phone_number_id=event.phone_number_id,
        message_key=f"reply:{event.message_id}",
        answers_live_call=True,
        subject_id=subject_id,
    )
