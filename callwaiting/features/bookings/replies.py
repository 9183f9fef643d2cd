"""Replies by text: C cancels, R sends the link to rebook, 1 says "I shall come".

A reply is done once: it is heard in the transaction that keeps the text, and a copy of the text is not heard. What is
answered passes the gate of all texts. While a person of the team writes with the caller, a plain wish is still done and
nothing is said.
"""

from __future__ import annotations

from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from callwaiting.core.errors import CallwaitingError, PreconditionFailed
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import callers_own, changes, listing, offers, questions, repository, telling
from callwaiting.features.bookings.errors import BookingFixed, BookingNotFound, TooLate
from callwaiting.features.bookings.listing import Entry
from callwaiting.features.bookings.reply_words import Reply, Wish, reply_in
from callwaiting.features.messages.events import TextReceived

log = structlog.get_logger()


def on_text_received(session: Session, event: TextReceived) -> None:
    """Do what a reply asks for. One that cannot be handled now leaves the text kept, and an alert for the team."""
    reply = reply_in(event.body)
    if reply is None or not offers.takes_bookings(session):
        return
    try:
        with session.begin_nested():
            _hear(session, event, reply)
    except (CallwaitingError, DBAPIError) as error:
        log.error("bookings.reply_failed", message=str(event.message_id), error=type(error).__name__, exc_info=error)
        alerts.raise_alert(
            session,
            "bookings.reply_failed",
            subject=f"message:{event.message_id}",
            severity="high",
            summary="A caller's reply about a booking could not be handled. Please read it.",
            details={"message": str(event.message_id)},
        )


def _hear(session: Session, event: TextReceived, reply: Reply) -> None:
    own = listing.to_come(session, event.caller_id)
    asked = questions.asked(session, event.caller_id)
    wish, number = reply.wish, reply.number
    if wish is Wish.PICK:
        if asked is None or not asked.open:
            if number == 1 and own:
                _come(session, event, own)
            elif asked is not None and own:
                _ask(session, event, asked.wish, own)
            return  # a number that answers nothing of ours is a person's to read
        wish = asked.wish
    own = _own(session, event, wish)
    if not own:
        telling.say_none(session, event)
    elif number is not None and asked is not None and asked.open and asked.wish is wish:
        _picked(session, event, wish, number, asked.choices, own)
    elif len(own) == 1 and number in {None, 1}:
        _do(session, event, wish, own[0])
    else:
        _ask(session, event, wish, own)


def _own(session: Session, event: TextReceived, wish: Wish) -> list[Entry]:
    """The caller's bookings that the wish can be about: one that is not paid for yet can be called off too."""
    return listing.to_come(session, event.caller_id, unpaid=wish is Wish.CANCEL)


def _picked(
    session: Session,
    event: TextReceived,
    wish: Wish,
    number: int,
    choices: tuple[tuple[UUID, int], ...],
    own: list[Entry],
) -> None:
    """The booking at this place of the list that was sent, if it still is as it was shown."""
    wanted = choices[number - 1] if number <= len(choices) else None
    entry = next((entry for entry in own if (entry.id, entry.version) == wanted), None)
    if entry is None:
        _ask(session, event, wish, own)
    else:
        _do(session, event, wish, entry)


def _do(session: Session, event: TextReceived, wish: Wish, entry: Entry) -> None:
    outcome = "done"
    try:
        if wish is Wish.CANCEL:
            told = event.assistant_may_answer
            changes.cancel(session, entry.id, version=entry.version, told=told, asked_just_now=True)
        else:
            _send_link(session, event, entry)
    except TooLate:
        outcome = "too_late"
        telling.answer(session, event, "booking_too_late", entry)
    except (BookingFixed, BookingNotFound, PreconditionFailed):  # changed while the text was on its way
        _ask_again(session, event, wish)
        return
    questions.close(session, event.caller_id)
    _record(session, event, wish, outcome)


def _send_link(session: Session, event: TextReceived, entry: Entry) -> None:
    """Raises BookingNotFound, BookingFixed, TooLate."""
    booking = repository.locked(session, entry.id)
    if booking is None:
        raise BookingNotFound(str(entry.id))
    changes.require_changeable(session, booking, "caller")
    telling.answer(session, event, "booking_link", entry)


def _come(session: Session, event: TextReceived, own: list[Entry]) -> None:
    """The next booking that the caller has not said this of yet: of that one we have reminded."""
    entry = next((entry for entry in own if entry.acknowledged_at is None), own[0])
    try:
        callers_own.acknowledge(session, entry.id)
    except (BookingFixed, BookingNotFound):
        _ask_again(session, event, Wish.COME)
        return
    telling.answer(session, event, "booking_acknowledged", entry)
    _record(session, event, Wish.COME)


def _ask_again(session: Session, event: TextReceived, wish: Wish) -> None:
    own = _own(session, event, wish)
    if not own:
        telling.say_none(session, event)
    elif wish is not Wish.COME:
        _ask(session, event, wish, own)


def _ask(session: Session, event: TextReceived, wish: Wish, own: list[Entry]) -> None:
    """Ask which one is meant; while a person writes with the caller, that person does."""
    if not event.assistant_may_answer:
        return
    question_id = questions.keep(session, event.caller_id, wish, own)
    telling.ask_which(session, event, f"booking_which_to_{wish}", own, question_id)
    _record(session, event, wish, "asked")


def _record(session: Session, event: TextReceived, wish: Wish, outcome: str = "done") -> None:
    audit.record(
        session, "booking.reply", subject=f"message:{event.message_id}", details={"wish": wish, "outcome": outcome}
    )
