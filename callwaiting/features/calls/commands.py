"""What a caller may say at any step: a person, once more, from the start, no more texts, an emergency. Pure."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.features.calls import phrases
from callwaiting.features.calls.acts import (
    CallPerson,
    Facts,
    NoteTransfer,
    PutThrough,
    ReleaseBooking,
    Say,
    StopTexts,
    TellEmergency,
)
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.calls.vocabulary import Command


def obey(state: DialogueState, command: Command, heard: Heard, facts: Facts) -> Decision:
    """Do what was commanded. Everything but starting over keeps what the caller has said so far."""
    match command:
        case Command.EMERGENCY:
            return Decision(state, (Say(phrases.emergency(facts.region)),), TellEmergency())
        case Command.REPEAT:
            return ask(state, facts)
        case Command.START_OVER:
            if state.booking_id is not None and state.step in {Step.BOOK, Step.PHONE}:
                return Decision(state.afresh(), (Say(phrases.STARTED_OVER),), ReleaseBooking(state.holds))
            return ask(state.afresh(), facts, phrases.STARTED_OVER)
        case Command.STOP_TEXTS:
            stopped = replace(state, can_text=False)
            return Decision(stopped, (Say(phrases.TEXTS_STOPPED),), StopTexts(heard.speech))
        case Command.PERSON:
            return person(state, facts)


def person(state: DialogueState, facts: Facts) -> Decision:
    """Put the caller through; where that cannot be, the team is told, and a message can be left."""
    if state.can_transfer:
        return Decision(replace(state, ringing=True), (PutThrough(phrases.PUTTING_THROUGH),))
    if state.person_asked:
        return ask(replace(state, step=Step.MESSAGE), facts, phrases.PERSON_STILL_CALLED)
    return Decision(replace(state, person_asked=True), (Say(phrases.PERSON_CALLED),), CallPerson())


def came_back(state: DialogueState, facts: Facts, *, connected: bool) -> Decision:
    """The end of an attempt to put the caller through. Nobody is rung twice in one call; what was said before stays."""
    state = replace(state, ringing=False)
    if connected:
        done = end(state, phrases.GOODBYE)
        return Decision(done.state, effect=NoteTransfer())
    tried = replace(state, can_transfer=False, person_asked=True)
    return Decision(tried, (Say(phrases.NOBODY_FREE),), CallPerson())
