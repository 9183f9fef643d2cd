"""The part of the dialogue that books a time. Pure: (state, event, facts) → decision, None for not understood."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.features.calls import phrases, understanding
from callwaiting.features.calls.acts import (
    Booked,
    ConfirmBooking,
    Facts,
    FindSlots,
    Heard,
    HoldSlot,
    ReleaseBooking,
    Say,
    SlotHeld,
    SlotLost,
    SlotsFound,
)
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.catalogue.service import words_of

OFFERS = 3


def find(state: DialogueState, *before: str) -> Decision:
    """Look for the next free times."""
    return Decision(replace(state, offers=(), held=None, booking_id=None), tuple(map(Say, before)), FindSlots(OFFERS))


def slot(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Which of these times?"""
    words = words_of(heard.speech)
    if heard.digits == "0" or (not heard.digits and understanding.yes_or_no(words) is False):
        return ask(replace(state, step=Step.MENU, offers=()), facts)
    position = understanding.position_in(heard.digits, words, len(state.offers))
    return None if position is None else Decision(state, effect=HoldSlot(state.offers[position]))


def book(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Shall I book the time I am holding? Only a key 1 or a plain yes books it."""
    answer = understanding.yes_or_no(words_of(heard.speech))
    if state.booking_id is None:
        return find(state)
    if heard.digits == "1" or (not heard.digits and answer):
        return confirm(state, facts)
    if heard.digits == "2" or (not heard.digits and answer is False):
        return Decision(state, effect=ReleaseBooking(state.booking_id))
    return None


def confirm(state: DialogueState, facts: Facts) -> Decision:
    """Book what the caller said yes to; ask for a number first when there is none."""
    if state.booking_id is None:
        return find(state)
    if not facts.caller_known:
        return ask(replace(state, step=Step.PHONE, goal="booking"), facts)
    return Decision(state, effect=ConfirmBooking(state.booking_id))


def after(state: DialogueState, outcome: SlotsFound | SlotHeld | SlotLost | Booked, facts: Facts) -> Decision:
    """How it goes on after looking for times, holding one or booking it."""
    match outcome:
        case SlotsFound(()):
            if facts.menu:
                return ask(replace(state, step=Step.MENU), facts, phrases.NO_SLOTS)
            return end(state, f"{phrases.NO_SLOTS} {phrases.given_up(can_text=state.can_text)}")
        case SlotsFound(slots):
            return ask(replace(state, step=Step.SLOT, offers=slots), facts)
        case SlotHeld(booking_id, held):
            return ask(replace(state, step=Step.BOOK, booking_id=booking_id, held=held), facts)
        case SlotLost():
            return find(state, phrases.SLOT_LOST)
        case Booked(booked, texted):
            return end(state, phrases.booked(booked, facts, texted=texted))
