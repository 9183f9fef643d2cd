"""The part of the dialogue that cancels or moves a booking. Pure.

A number on the display proves nothing, so whoever wants to change a booking has to know its day, and the text that
tells of the change goes to the number that the booking was made with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Literal

from callwaiting.features.bookings.service import Slot
from callwaiting.features.calls import booking, booking_phrases, understanding, visiting, when
from callwaiting.features.calls.acts import CancelBooking, Facts, FindBooking, FindSlots, MoveBooking
from callwaiting.features.calls.outcomes import (
    BookingChanged,
    BookingFound,
    BookingTooLate,
    BookingUnknown,
    DepositUnderway,
    Heard,
    ServiceGone,
    SlotLost,
    SlotsFound,
)
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import DialogueState, Step, Visit, Wanted
from callwaiting.features.catalogue.service import words_of

CANCEL_WORDS = frozenset({"cancel", "call", "off", "delete", "it", "that", "my", "the", "booking", "appointment"})
CANCEL_IT = (("cancel", "it"), ("cancel", "that"), ("cancel", "my"), ("cancel", "the"), ("delete", "it"), ("off",))


def begin(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    """Which booking is meant? It is asked for by its day."""
    if not facts.caller_known:
        return ask(state, facts, booking_phrases.CHANGE_UNKNOWN_CALLER)
    service_id = visiting.named_in(Visit(), heard, facts).service_id
    fresh = replace(state, step=Step.WHICH_BOOKING, offers=(), held=None, booking_id=None, also=())
    fresh = replace(fresh, change=_change_in(heard), wanted=None, visit=Visit(service_id))
    return _look_up(fresh, heard, facts) or ask(fresh, facts)


def which(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """On which day is your booking?"""
    if booking.declined(heard):
        return ask(replace(state, step=Step.MENU), facts)
    state = replace(state, change=_change_in(heard) or state.change)
    if day := when.keyed_day(heard.digits, facts):
        return Decision(state, effect=FindBooking(day, state.visit.service_id))
    service_id = visiting.named_in(state.visit, heard, facts).service_id
    return _look_up(replace(state, visit=Visit(service_id)), heard, facts)


def change(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Cancel it, move it, or leave it?"""
    words = set(words_of(heard.speech))
    if heard.digits == "1" or (not heard.digits and words & {"cancel", "off", "delete"}):
        return ask(replace(state, step=Step.CANCEL_SURE), facts)
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts)
    if heard.digits == "2" or wanted or (not heard.digits and words & {"move", "change", "reschedule", "another"}):
        return _find(state, _of_its_day(state, wanted, facts))
    if heard.digits in {"0", "3"} or (not heard.digits and words & {"leave", "keep", "no", "nothing"}):
        return ask(replace(state, step=Step.MENU, booking_id=None, held=None), facts, booking_phrases.LEFT_AS_IT_IS)
    return None


def cancel_sure(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Shall I cancel it? Only a key 1, a plain yes, or `cancel it` does."""
    if state.booking_id is None:
        return ask(replace(state, step=Step.WHICH_BOOKING), facts)
    answer = _sure(heard) if heard.digits else agrees_to_cancel(words_of(heard.speech))
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
    outcome: BookingFound
    | BookingUnknown
    | BookingTooLate
    | BookingChanged
    | DepositUnderway
    | SlotsFound
    | SlotLost
    | ServiceGone,
    facts: Facts,
) -> Decision:
    """How it goes on after a booking was looked up, or changed, or could not be."""
    match outcome:
        case BookingFound(booking_id, version, slot, party, unpaid):
            # Another time of the same kind: with anybody who does it, else at the same place.
            visit = Visit(slot.service_id, None if slot.service_id or party else slot.resource_id, party)
            found = replace(state, step=Step.CHANGE, booking_id=booking_id, booking_version=version, held=slot)
            return _as_wished(replace(found, visit=visit, unpaid=unpaid, change=None), state.change, facts)
        case DepositUnderway():
            return ask(replace(state, step=Step.MENU), facts, booking_phrases.DEPOSIT_UNDERWAY)
        case BookingTooLate():
            return ask(replace(state, step=Step.MENU), facts, booking_phrases.BOOKING_TOO_LATE)
        case BookingUnknown():
            return ask(replace(state, step=Step.MENU), facts, booking_phrases.BOOKING_UNKNOWN)
        case SlotsFound(()):
            return ask(replace(state, step=Step.CHANGE), facts, booking_phrases.NO_SLOTS)
        case ServiceGone():
            return ask(replace(state, step=Step.CHANGE), facts, booking_phrases.SERVICE_GONE)
        case SlotsFound((only,), fitting=True, exact=True):
            return ask(replace(state, step=Step.MOVE_SURE, offers=(only,)), facts)
        case SlotsFound(slots, fitting=fitting, doubtful=doubtful):
            before = booking.why(state.wanted, fitting=fitting, doubtful=doubtful)
            return ask(replace(state, step=Step.MOVE_SLOT, offers=slots), facts, *before)
        case SlotLost():
            return _find(state, None, booking_phrases.SLOT_LOST)
        case BookingChanged(slot, deposit):
            return end(state, booking_phrases.changed(slot, facts, deposit))


def _as_wished(found: DialogueState, wish: Literal["cancel", "move"] | None, facts: Facts) -> Decision:
    """What was wished of the booking before it was found needs no second question."""
    if wish == "cancel":
        return ask(replace(found, step=Step.CANCEL_SURE), facts)
    if wish != "move" or found.held is None:
        return ask(found, facts)
    wanted = _of_its_day(found, found.wanted, facts)
    return _find(found, wanted, booking_phrases.to_change(found.held, found.visit, facts, unpaid=found.unpaid))


def _of_its_day(state: DialogueState, wanted: Wanted | None, facts: Facts) -> Wanted | None:
    """Another time is first looked for on the day of the booking."""
    day = state.held.start.astimezone(facts.zone).date() if state.held else None
    return booking.of_day(wanted or Wanted(), [day]) if day else wanted


def _change_in(heard: Heard) -> Literal["cancel", "move"] | None:
    words = set() if heard.digits else set(words_of(heard.speech))
    cancels = bool(words & {"cancel", "delete"} or {"call", "off"} <= words)
    moves = bool(words & {"move", "reschedule", "postpone", "push", "rebook"})
    return None if cancels is moves else "cancel" if cancels else "move"


def _day_in(state: DialogueState, heard: Heard, facts: Facts) -> tuple[DialogueState, date] | None:
    """The day of the booking, and in the state when it shall be instead: `move Thursday to Friday at two`."""
    if heard.digits:
        return None
    before, to, behind = heard.speech.rpartition(" to ")
    if to and state.change == "move":
        now, then = when.wanted_in(before, facts), when.wanted_in(behind, facts)
        if now and now.day and then:
            return replace(state, wanted=then), now.day
    wanted = when.wanted_in(heard.speech, facts)
    return (state, wanted.day) if wanted and wanted.day else None


def _look_up(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    named = _day_in(state, heard, facts)
    return Decision(named[0], effect=FindBooking(named[1], state.visit.service_id)) if named else None


def _find(state: DialogueState, wanted: Wanted | None, *before: str) -> Decision:
    looked = booking.find(state, *before, wanted=wanted)
    assert isinstance(looked.effect, FindSlots)  # noqa: S101 - which is all that it does
    return replace(looked, state=replace(state, step=Step.MOVE_SLOT, offers=(), wanted=wanted))


def _left(state: DialogueState, facts: Facts) -> Decision:
    return ask(
        replace(state, step=Step.MENU, booking_id=None, held=None, offers=()), facts, booking_phrases.LEFT_AS_IT_IS
    )


def agrees_to_cancel(words: Sequence[str]) -> bool | None:
    """`Yes`, `yes, cancel it`, `cancel my booking`, `off`. A lone `cancel` may mean either."""
    repeats = any(understanding.has(words, phrase) for phrase in CANCEL_IT)
    rest = [word for word in words if word not in CANCEL_WORDS]
    if tuple(words) != ("cancel",) and len(rest) < len(words) and (not rest or understanding.yes_or_no(rest)):
        return True if repeats or rest else None
    return understanding.yes_or_no(words) if tuple(words) != ("cancel",) else None


def _sure(heard: Heard) -> bool | None:
    if heard.digits:
        return {"1": True, "2": False, "0": False}.get(heard.digits)
    return understanding.yes_or_no(words_of(heard.speech))
