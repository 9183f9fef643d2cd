"""How a call begins, and what a caller may want at any step. Pure: (state, event, facts) → decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callwaiting.features.calls import (
    asking,
    booking,
    changing,
    filling,
    messaging,
    naming,
    order_phrases,
    phrases,
    understanding,
    visiting,
    when,
)
from callwaiting.features.calls.acts import Facts, FindAnswer, KeepAnswer, NoteAnswer, RecordCall, Say
from callwaiting.features.calls.outcomes import Heard, Started
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import FRAMES, DialogueState, Frame, Step
from callwaiting.features.calls.vocabulary import CALLING_OFF, CHANGING, Intent
from callwaiting.features.catalogue.service import words_of
from callwaiting.understanding import Intent as Meaning

OWN_INTENTS = {
    Intent.ORDER: Frame.ORDER,
    Intent.BOOK: Frame.BOOKING,
    Intent.CHANGE: Frame.CHANGE,
    Intent.STATUS: Frame.STATUS,
    Intent.MESSAGE: Frame.MESSAGE,
}
MEANT = {
    Meaning.BOOK: Intent.BOOK,
    Meaning.CHANGE: Intent.CHANGE,
    Meaning.CANCEL: Intent.CHANGE,
    Meaning.ORDER: Intent.ORDER,
    Meaning.ORDER_STATUS: Intent.STATUS,
    Meaning.MESSAGE: Intent.MESSAGE,
    Meaning.HOURS: Intent.QUESTION,
    Meaning.LOCATION: Intent.QUESTION,
}
SURE = 0.85
MENU_KEYS = {"1": Intent.ORDER, "2": Intent.BOOK, "3": Intent.MESSAGE, "4": Intent.QUESTION}


def begin(event: Started, facts: Facts) -> Decision:
    """Say who speaks, which is a machine, and ask what the caller would like."""
    state = DialogueState(
        can_text=event.can_text,
        takes_bookings=event.takes_bookings,
        can_transfer=event.can_transfer,
        voicemail=event.voicemail,
    )
    if not event.open:
        return end(state, phrases.closed(facts))
    if event.asks_recording:
        return ask(replace(state, step=Step.RECORDING), facts, phrases.welcome(facts))
    return ask(state, facts, phrases.welcome(facts))


def recording(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    """May this call be recorded? Nothing but a plain yes allows it; whatever else is said is heard as well."""
    granted = heard.digits == "1" or (not heard.digits and understanding.yes_or_no(words_of(heard.speech)) is True)
    acts = (RecordCall(),) if granted else ()
    return Decision(replace(state, step=Step.MENU), acts, KeepAnswer(granted))


def menu(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What would you like?"""
    if heard.digits == "0":
        return ask(state, facts)
    if heard.digits:
        return go(state, MENU_KEYS.get(heard.digits), heard, facts)
    if state.turns > 1 and understanding.says_done(words_of(heard.speech)):  # `no, thank you`, after anything else
        return end(replace(state, declined=True), phrases.GOODBYE)
    return None


def wish(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What was said, when it did not answer the question, but may be a wish of its own. None for no such wish."""
    words = words_of(heard.speech)
    intent = understanding.intent_in(words)
    if intent in OWN_INTENTS and state.step in FRAMES[OWN_INTENTS[intent]]:
        intent = None  # it is what we are at: the question stands
    fresh = state.step is Step.MENU
    if fresh and naming.asks_what_there_is(words, (*facts.menu, *facts.choice.services)):
        return go(state, intent or (Intent.ORDER if facts.menu else Intent.BOOK), Heard(), facts)
    if answer := asking.answered(state, heard, facts):
        return _and_a_time(*answer, heard, facts)
    if off := _called_off(state, words, facts):
        return off
    if intent in {Intent.CHANGE, Intent.STATUS, Intent.MESSAGE, Intent.QUESTION}:
        return go(state, intent, heard, facts)
    if fresh and state.takes_bookings and naming.named_in(words, facts.choice.services) and _calls_off(words):
        return go(state, Intent.CHANGE, heard, facts)
    if fresh and _is_of_a_service(words, heard, facts):
        return go(state, Intent.BOOK, heard, facts)
    wishes, notes = filling.wishes_and_notes(heard, facts) if fresh else ((), [])
    if wishes and not understanding.asks_after(words):
        state, first = filling.and_later(state, heard, facts)
        return filling.settle(replace(state, wishes=wishes), facts, *first, *notes)
    intent = intent or meant(state, heard.speech, facts)
    if intent is Intent.CHANGE and state.step in FRAMES[Frame.BOOKING]:
        return None  # what is changed is what is being booked
    if fresh and intent is None and visiting.names(heard, facts):
        intent = Intent.BOOK
    if fresh and intent is None and not facts.menu and when.wanted_in(heard.speech, facts):
        intent = Intent.BOOK  # `tomorrow at three`, where nothing else is to be had
    return go(state, intent, heard, facts)


def _and_a_time(state: DialogueState, answer: str, heard: Heard, facts: Facts) -> Decision:
    """The answer; and where a service and a time were named in the same breath, free times."""
    words = words_of(heard.speech)
    named = naming.named_in(words, facts.choice.services) and when.wanted_in(heard.speech, facts)
    begun = go(state, Intent.BOOK, heard, facts) if state.step is Step.MENU and named else None
    return replace(begun, acts=(Say(answer), *begun.acts)) if begun else Decision(state, (Say(answer),), NoteAnswer())


def _called_off(state: DialogueState, words: Sequence[str], facts: Facts) -> Decision | None:
    """`Cancel my order`: the one that is being taken. One that was placed is with the team."""
    if not any(understanding.has(words, phrase) for phrase in CALLING_OFF):
        return None
    if state.cart:
        dropped = replace(state, step=Step.MENU, cart=(), wishes=(), agreed=None, due_now=None, last=None)
        return ask(dropped, facts, order_phrases.ORDER_DROPPED)
    return ask(state, facts, order_phrases.CALL_OFF_PAID)


def _calls_off(words: Sequence[str]) -> bool:
    """`Cancel my haircut`, `move the beard trim`: what is named is booked already."""
    return bool(CHANGING & set(words)) and bool({"my", "the"} & set(words))


def _is_of_a_service(words: Sequence[str], heard: Heard, facts: Facts) -> bool:
    """`The pizza class` is no pizza, and `color my hair at 11` no eleven jars of hair wax."""
    services = facts.choice.services
    if naming.is_named(words, facts.menu):
        return False
    if naming.is_named(words, services):
        return True
    if not naming.named_in(words, services) or naming.count_of(words, facts.menu) is not None:
        return False
    return when.wanted_in(heard.speech, facts) is not None


def meant(state: DialogueState, speech: str, facts: Facts) -> Intent | None:
    """What the whole sentence is about, where no word of it says so by itself, and it is not what we are at."""
    found = when.understood(speech, facts)
    intent = MEANT.get(found.intent) if found.confidence >= SURE else None
    return None if intent in OWN_INTENTS and state.step in FRAMES[OWN_INTENTS[intent]] else intent


def greets(speech: str, facts: Facts) -> bool:
    """Whether the caller says hello, or thanks, and nothing else."""
    found = when.understood(speech, facts)
    return found.intent in {Meaning.GREETING, Meaning.THANKS}


def says_goodbye(speech: str, facts: Facts) -> bool:
    """Whether the caller takes leave."""
    found = when.understood(speech, facts)
    return found.intent is Meaning.GOODBYE and found.confidence >= SURE


def go(state: DialogueState, intent: Intent | None, heard: Heard, facts: Facts) -> Decision | None:
    """Begin what is wanted, keeping what was said of everything else."""
    match intent:
        case Intent.ORDER if facts.menu:
            return ask(replace(state, step=Step.MORE if state.cart else Step.ITEM), facts)
        case Intent.BOOK if state.takes_bookings:
            return booking.begin(state, heard, facts)
        case Intent.CHANGE if state.takes_bookings:
            return changing.begin(state, heard, facts)
        case Intent.STATUS:
            return messaging.begin_status(state, heard, facts)
        case Intent.MESSAGE:
            return ask(replace(state, step=Step.MESSAGE), facts)
        case Intent.QUESTION:
            return Decision(state, effect=FindAnswer(heard.speech or phrases.ABOUT_US))
        case _:
            return None
