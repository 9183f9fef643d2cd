"""The part of the dialogue that books a time. Pure: (state, event, facts) → decision, None for not understood."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.features.bookings.service import Slot
from callwaiting.features.calls import phrases, understanding, when
from callwaiting.features.calls.acts import ConfirmBooking, Facts, FindSlots, HoldSlot, ReleaseBooking, Say
from callwaiting.features.calls.outcomes import Booked, Heard, SlotHeld, SlotLost, SlotsFound
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import DialogueState, Step, Wanted
from callwaiting.features.catalogue.service import words_of

OFFERS = 3


def begin(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    """Look for times: those that were named, or the next ones."""
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts)
    return find(state, wanted=wanted)


def find(state: DialogueState, *before: str, wanted: Wanted | None = None) -> Decision:
    """Look for free times; what was held before is given up."""
    fresh = replace(state, step=Step.SLOT, offers=(), held=None, booking_id=None)
    return Decision(fresh, tuple(map(Say, before)), FindSlots(OFFERS, wanted or Wanted()))


def slot(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Which of these times? Another day or time may be named instead."""
    choice = chosen(state, heard, facts)
    if isinstance(choice, Slot):
        return Decision(state, effect=HoldSlot(choice))
    if isinstance(choice, Wanted):
        return find(state, wanted=choice)
    if declined(heard):
        return ask(replace(state, step=Step.MENU, offers=()), facts)
    return None


def chosen(state: DialogueState, heard: Heard, facts: Facts) -> Slot | Wanted | None:
    """One of the times that are offered, by key, place or time; or another time that was named."""
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts)
    if wanted is None:
        position = understanding.position_in(heard.digits, words_of(heard.speech), len(state.offers))
        return None if position is None else state.offers[position]
    fitting = [offer for offer in state.offers if fits(offer, wanted, facts)]
    return fitting[0] if len(fitting) == 1 else wanted


def fits(slot: Slot, wanted: Wanted, facts: Facts) -> bool:
    """Whether the slot begins on the day and at the time that were named."""
    local = slot.start.astimezone(facts.zone)
    return local.time() in wanted.times and wanted.day in {None, local.date()}


def why(*, fitting: bool, doubtful: bool) -> tuple[str, ...]:
    """What to say before times that are not simply those that were wished."""
    return (phrases.IN_DOUBT,) if doubtful else () if fitting else (phrases.NOT_THEN,)


def declined(heard: Heard) -> bool:
    return heard.digits == "0" or (not heard.digits and understanding.yes_or_no(words_of(heard.speech)) is False)


def book(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Shall I book the time I am holding? Only a key 1 or a plain yes books it; another time may be named instead."""
    if state.booking_id is None:
        return find(state)
    answer = None if heard.digits else understanding.yes_or_no(words_of(heard.speech))
    if heard.digits == "1" or answer:
        return confirm(state, facts)
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts)
    if heard.digits == "2" or answer is False or wanted is not None:
        return Decision(replace(state, wanted=wanted), effect=ReleaseBooking(state.booking_id))
    return None


def confirm(state: DialogueState, facts: Facts) -> Decision:
    """Book what the caller said yes to; ask for a number first when there is none."""
    if state.booking_id is None:
        return find(state)
    if not facts.caller_known:
        return ask(replace(state, step=Step.PHONE, goal="booking"), facts)
    return Decision(state, effect=ConfirmBooking(state.booking_id))


def released(state: DialogueState) -> Decision:
    """The hold is given up: look for the other time that was named, or for the next ones."""
    return find(replace(state, wanted=None), wanted=state.wanted)


def after(state: DialogueState, outcome: SlotsFound | SlotHeld | SlotLost | Booked, facts: Facts) -> Decision:
    """How it goes on after looking for times, holding one or booking it."""
    match outcome:
        case SlotsFound(()):
            if facts.menu:
                return ask(replace(state, step=Step.MENU), facts, phrases.NO_SLOTS)
            return end(state, f"{phrases.NO_SLOTS} {phrases.given_up(can_text=state.can_text)}")
        case SlotsFound((only,), fitting=True, exact=True):
            return Decision(state, effect=HoldSlot(only))
        case SlotsFound(slots, fitting=fitting, doubtful=doubtful):
            return ask(replace(state, step=Step.SLOT, offers=slots), facts, *why(fitting=fitting, doubtful=doubtful))
        case SlotHeld(booking_id, held):
            return ask(replace(state, step=Step.BOOK, booking_id=booking_id, held=held), facts)
        case SlotLost():
            return find(state, phrases.SLOT_LOST)
        case Booked(booked, texted):
            return end(state, phrases.booked(booked, facts, texted=texted))
