"""What a language model may choose among when a caller was not understood. Pure.

Every choice stands for something that the caller could have keyed in or said, which the policy then hears instead: the
model has no words of its own and no way around the policy. No choice says yes to a read-back: only the caller does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from callwaiting.features.calls import booking_phrases
from callwaiting.features.calls.acts import Facts, FindAnswer
from callwaiting.features.calls.cards import without_cards
from callwaiting.features.calls.dialogue import decide
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.prompts import candidates, offered, option_asked
from callwaiting.features.calls.state import DialogueState, Step

PERSONAL = re.compile(r"\S+@\S+|\+?\d(?:[ .()/-]*\d){4,}")
NAME = re.compile(r"(?i)\b(my name is|my name's|this is|it's|call me|i'm called)((?: (?-i:[A-Z])[\w'’-]+)+)")
READ_BACKS = frozenset({
    Step.CONFIRM, Step.BOOK, Step.CANCEL_SURE, Step.MOVE_SURE, Step.MESSAGE_SURE, Step.RECORDING, Step.ALLOW_TEXTS,
})  # fmt: skip
DICTATED = frozenset({Step.MESSAGE, Step.VOICEMAIL, Step.PHONE, Step.ORDER_NUMBER, Step.CODE, Step.DONE})
MAX_ITEMS = 100
ANYWHERE: Mapping[str, tuple[str, Heard]] = {
    "person": ("wants to speak to a person", Heard(speech="a person")),
    "repeat": ("did not hear the question", Heard(speech="repeat")),
    "hours": ("asks when the business is open", Heard(speech="what are your opening hours")),
    "address": ("asks where the business is", Heard(speech="what is your address")),
}
AT_THE_MENU: Mapping[str, tuple[str, Heard]] = {
    "order": ("wants to order something", Heard(speech="order")),
    "book": ("wants to book a time", Heard(speech="book an appointment")),
    "change": ("wants to cancel or move a booking", Heard(speech="change my booking")),
    "status": ("asks about an order made before", Heard(speech="where is my order")),
    "message": ("wants to leave a message or be called back", Heard(speech="leave a message")),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """`says` is for the model; `heard` is what the policy hears when it is chosen."""

    id: str
    says: str
    heard: Heard


def missed(state: DialogueState, heard: Heard, facts: Facts) -> bool:
    """Whether the policy alone does not know what was said."""
    if not heard.speech or heard.digits or state.step in DICTATED or state.ringing:
        return False
    decision = decide(state, heard, facts)
    return isinstance(decision.effect, FindAnswer) or decision.state.misses > state.misses


def choices(state: DialogueState, facts: Facts) -> tuple[Choice, ...]:
    """Everything that can be meant at this step."""
    found = [Choice(name, says, heard) for name, (says, heard) in ANYWHERE.items()]
    if state.step in READ_BACKS:
        return (*found, Choice("no", "says no, or wants something changed", Heard(speech="no")))
    if state.step is Step.MENU:
        found += [Choice(name, says, heard) for name, (says, heard) in AT_THE_MENU.items()]
    if state.step in {Step.MENU, Step.ITEM, Step.MORE, Step.FIX}:
        found += [
            Choice(f"item:{place}", f"wants to order: {item.name}", Heard(speech=item.name))
            for place, item in enumerate(facts.menu[:MAX_ITEMS], 1)
        ]
    if state.step in {Step.ITEM, Step.MORE}:
        found.append(Choice("done", "wants nothing more", Heard(speech="that's all")))
    if state.step is Step.SERVICE:
        found += [
            Choice(f"service:{place}", f"wants to book: {offer.name}", Heard(speech=offer.name))
            for place, offer in enumerate(facts.choice.services[:MAX_ITEMS], 1)
        ]
    if state.step is Step.CHOICE:
        found += [
            Choice(f"offer:{place}", f"means: {item.name}", Heard(digits=str(place)))
            for place, item in enumerate(candidates(state, facts), 1)
        ]
    if state.step is Step.OPTION and (question := option_asked(state, facts)):
        found += [
            Choice(f"offer:{place}", f"means: {offer.name}", Heard(digits=str(place)))
            for place, offer in enumerate(offered(question[1]), 1)
        ]
    if state.step in {Step.SLOT, Step.MOVE_SLOT}:
        found += [
            Choice(f"offer:{place}", f"means: {booking_phrases.moment(slot, facts)}", Heard(digits=str(place)))
            for place, slot in enumerate(state.offers, 1)
        ]
        found.append(Choice("none_of_these", "wants none of the times", Heard(digits="0")))
    return tuple(found)


def redacted(said: str) -> str:
    """What was said without what names or reaches a person: card numbers, phone numbers and the like, addresses."""
    return NAME.sub(r"\1 [removed]", PERSONAL.sub("[removed]", without_cards(said)))
