"""The part of the dialogue that cancels or moves a booking. Pure.

A number on the display proves nothing, so whoever wants to change a booking has to know its day, and the text that
tells of the change goes to the number that the booking was made with.
"""

from __future__ import annotations

from dataclasses import replace

from callwaiting.features.bookings.service import Slot
from callwaiting.features.calls import booking, phrases, understanding, when
from callwaiting.features.calls.acts import CancelBooking, Facts, FindBooking, FindSlots, MoveBooking
from callwaiting.features.calls.outcomes import (
    BookingChanged,
    BookingFound,
    BookingTooLate,
    BookingUnknown,
    Heard,
    ServiceGone,
    SlotLost,
    SlotsFound,
)
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import DialogueState, Step, Visit, Wanted
from callwaiting.features.catalogue.service import words_of


def begin(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    """Which booking is meant? It is asked for by its day."""
    if not facts.caller_known:
        return ask(state, facts, phrases.CHANGE_UNKNOWN_CALLER)
    fresh = replace(state, step=Step.WHICH_BOOKING, offers=(), held=None, booking_id=None, visit=Visit())
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts)
    return Decision(fresh, effect=FindBooking(wanted.day)) if wanted and wanted.day else ask(fresh, facts)


def which(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """On which day is your booking?"""
    if booking.declined(heard):
        return ask(replace(state, step=Step.MENU), facts)
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts)
    day = wanted.day if wanted else when.keyed_day(heard.digits, facts)
    return None if day is None else Decision(state, effect=FindBooking(day))


def change(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Cancel it, move it, or leave it?"""
    words = set(words_of(heard.speech))
    if heard.digits == "1" or (not heard.digits and words & {"cancel", "off", "delete"}):
        return ask(replace(state, step=Step.CANCEL_SURE), facts)
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts)
    if wanted and state.held:
        wanted = booking.of_day(wanted, [state.held.start.astimezone(facts.zone).date()])
    if heard.digits == "2" or wanted or (not heard.digits and words & {"move", "change", "reschedule", "another"}):
        return _find(state, wanted)
    if heard.digits in {"0", "3"} or (not heard.digits and words & {"leave", "keep", "no", "nothing"}):
        return ask(replace(state, step=Step.MENU, booking_id=None, held=None), facts, phrases.LEFT_AS_IT_IS)
    return None


def cancel_sure(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Shall I cancel it? Only a key 1 or a plain yes does."""
    if state.booking_id is None:
        return ask(replace(state, step=Step.WHICH_BOOKING), facts)
    answer = _sure(heard)
    if answer:
        return Decision(state, effect=CancelBooking(state.booking_id, state.booking_version))
    return None if answer is None else _left(state, facts)


def move_slot(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """To which of these times?"""
    choice = booking.chosen(state, heard, facts)
    if isinstance(choice, Slot):
        return ask(replace(state, step=Step.MOVE_SURE, offers=(choice,)), facts)
    if isinstance(choice, Wanted):
        return _find(state, choice)
    return _left(state, facts) if booking.declined(heard) else None


def move_sure(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Shall I move it there? Only a key 1 or a plain yes does."""
    if state.booking_id is None or not state.offers:
        return ask(replace(state, step=Step.WHICH_BOOKING), facts)
    answer = _sure(heard)
    if answer:
        return Decision(state, effect=MoveBooking(state.booking_id, state.booking_version, state.offers[0]))
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts)
    if wanted is not None:
        return _find(state, wanted)
    return None if answer is None else _left(state, facts)


def after(
    state: DialogueState,
    outcome: BookingFound | BookingUnknown | BookingTooLate | BookingChanged | SlotsFound | SlotLost | ServiceGone,
    facts: Facts,
) -> Decision:
    """How it goes on after a booking was looked up, or changed, or could not be."""
    match outcome:
        case BookingFound(booking_id, version, slot, party):
            # Another time of the same kind: with anybody who does it, else at the same place.
            visit = Visit(slot.service_id, None if slot.service_id or party else slot.resource_id, party)
            found = replace(state, step=Step.CHANGE, booking_id=booking_id, booking_version=version, held=slot)
            return ask(replace(found, visit=visit), facts)
        case BookingTooLate():
            return ask(replace(state, step=Step.MENU), facts, phrases.BOOKING_TOO_LATE)
        case BookingUnknown():
            return ask(replace(state, step=Step.MENU), facts, phrases.BOOKING_UNKNOWN)
        case SlotsFound(()):
            return ask(replace(state, step=Step.CHANGE), facts, phrases.NO_SLOTS)
        case ServiceGone():
            return ask(replace(state, step=Step.CHANGE), facts, phrases.SERVICE_GONE)
        case SlotsFound((only,), fitting=True, exact=True):
            return ask(replace(state, step=Step.MOVE_SURE, offers=(only,)), facts)
        case SlotsFound(slots, fitting=fitting, doubtful=doubtful):
            before = booking.why(fitting=fitting, doubtful=doubtful)
            return ask(replace(state, step=Step.MOVE_SLOT, offers=slots), facts, *before)
        case SlotLost():
            return _find(state, None, phrases.SLOT_LOST)
        case BookingChanged(slot):
            return end(state, phrases.changed(slot, facts))


def _find(state: DialogueState, wanted: Wanted | None, *before: str) -> Decision:
    looked = booking.find(state, *before, wanted=wanted)
    assert isinstance(looked.effect, FindSlots)  # noqa: S101 - which is all that it does
    return replace(looked, state=replace(state, step=Step.MOVE_SLOT, offers=(), wanted=wanted))


def _left(state: DialogueState, facts: Facts) -> Decision:
    return ask(replace(state, step=Step.MENU, booking_id=None, held=None, offers=()), facts, phrases.LEFT_AS_IT_IS)


def _sure(heard: Heard) -> bool | None:
    if heard.digits:
        return {"1": True, "2": False, "0": False}.get(heard.digits)
    return understanding.yes_or_no(words_of(heard.speech))
