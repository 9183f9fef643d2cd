"""The policy: what the assistant does next. A pure function of its state, of what happened, and of what the database
says; it reads and writes nothing itself, so the same call can be played by a test, a terminal or a telephone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from callwaiting.features.calls import booking, ordering, phrases, understanding
from callwaiting.features.calls.acts import (
    AmountRefused,
    Booked,
    CallerReachable,
    CallPerson,
    Event,
    Facts,
    Heard,
    ItemsGone,
    Noted,
    NumberRefused,
    Placed,
    Priced,
    ReleaseBooking,
    RememberCaller,
    Say,
    SlotHeld,
    SlotLost,
    SlotReleased,
    SlotsFound,
    Started,
    StopTexts,
    TextsRefused,
)
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.calls.vocabulary import Command, Intent
from callwaiting.features.catalogue.service import words_of

REPROMPTS = 2


def decide(state: DialogueState, event: Event, facts: Facts) -> Decision:
    """What follows from `event`. Never raises for anything a caller can press or say."""
    match event:
        case Started():
            return _begin(event, facts)
        case Heard():
            return _hear(state, event, facts)
        case Priced() | ItemsGone() | AmountRefused() | Placed() | TextsRefused():
            return ordering.after(state, event, facts)
        case SlotsFound() | SlotHeld() | SlotLost() | Booked():
            return booking.after(state, event, facts)
        case CallerReachable(can_text):
            return _go_on(replace(state, can_text=can_text, misses=0), facts)
        case NumberRefused():
            return _missed(state, facts, phrases.NUMBER_REFUSED)
        case SlotReleased() if state.step is Step.BOOK:
            return booking.find(state)
        case SlotReleased() | Noted():
            return ask(state, facts)


def give_up(state: DialogueState) -> Decision:
    """End a call that leads nowhere; whoever can be texted is promised a text."""
    return end(state, phrases.given_up(can_text=state.can_text))


def _begin(event: Started, facts: Facts) -> Decision:
    state = DialogueState(can_text=event.can_text, takes_bookings=event.takes_bookings)
    if not event.open:
        return end(state, phrases.closed(facts))
    if not facts.menu and not event.takes_bookings:
        return end(state, f"{phrases.welcome(facts)} {phrases.given_up(can_text=state.can_text)}")
    return ask(state, facts, phrases.welcome(facts))


def _hear(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    if state.step is Step.DONE:
        return end(state, phrases.GOODBYE)
    command = None if heard.digits else understanding.command_in(words_of(heard.speech))
    decision = _obey(state, command, heard, facts) if command else STEPS[state.step](state, heard, facts)
    if decision is None:
        return _missed(state, facts)
    if isinstance(decision.effect, RememberCaller):  # misses go on counting until a number is good
        return decision
    return replace(decision, state=replace(decision.state, misses=0))


def _obey(state: DialogueState, command: Command, heard: Heard, facts: Facts) -> Decision:
    match command:
        case Command.REPEAT:
            return ask(state, facts)
        case Command.START_OVER:
            fresh = DialogueState(can_text=state.can_text, takes_bookings=state.takes_bookings)
            if state.booking_id is not None:
                return Decision(fresh, (Say(phrases.STARTED_OVER),), ReleaseBooking(state.booking_id))
            return ask(fresh, facts, phrases.STARTED_OVER)
        case Command.STOP_TEXTS:
            stopped = replace(state, can_text=False)
            return Decision(stopped, (Say(phrases.TEXTS_STOPPED),), StopTexts(heard.speech))
        case Command.PERSON:
            return Decision(state, (Say(phrases.PERSON_CALLED),), CallPerson())


def _menu(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    words = words_of(heard.speech)
    if heard.digits == "0":
        return ask(state, facts)
    wishes = () if heard.digits else understanding.wishes_in(words, facts.menu)
    if wishes:
        return ordering.settle(replace(state, wishes=wishes), facts)
    intent = {"1": Intent.ORDER, "2": Intent.BOOK}.get(heard.digits) if heard.digits else understanding.intent_in(words)
    if intent is Intent.ORDER and facts.menu:
        return ask(replace(state, step=Step.MORE if state.cart else Step.ITEM), facts)
    if intent is Intent.BOOK and state.takes_bookings:
        return booking.find(state)
    return None


def _phone(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    keyed = replace(state, number_keyed=True)
    return Decision(keyed, effect=RememberCaller(heard.digits)) if heard.digits else None


def _go_on(state: DialogueState, facts: Facts) -> Decision:
    """With the caller's number known (or texts allowed again), do what it was asked for."""
    known = replace(facts, caller_known=True)
    if state.goal == "booking":
        return booking.confirm(state, known)
    return ordering.place(state, known)


def _missed(state: DialogueState, facts: Facts, why: str = phrases.NOT_UNDERSTOOD) -> Decision:
    misses = state.misses + 1
    if misses > REPROMPTS:
        return give_up(state)
    return ask(replace(state, misses=misses), facts, why if misses < REPROMPTS else phrases.USE_KEYPAD)


STEPS: Mapping[Step, Callable[[DialogueState, Heard, Facts], Decision | None]] = {
    Step.MENU: _menu,
    Step.ITEM: ordering.item,
    Step.MORE: ordering.item,
    Step.CHOICE: ordering.choice,
    Step.QUANTITY: ordering.quantity,
    Step.CONFIRM: ordering.confirm,
    Step.FIX: ordering.fix,
    Step.ALLOW_TEXTS: ordering.allow_texts,
    Step.SLOT: booking.slot,
    Step.BOOK: booking.book,
    Step.PHONE: _phone,
}
