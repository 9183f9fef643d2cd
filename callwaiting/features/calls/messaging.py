"""A message for the team, in words or after a tone; and how an order stands. Pure."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.features.calls import counting, order_phrases, phrases, understanding
from callwaiting.features.calls.acts import (
    Act,
    DraftMessage,
    Facts,
    FindOrder,
    KeepRecording,
    PassMessageOn,
    Quote,
    Say,
    TakeMessage,
)
from callwaiting.features.calls.outcomes import (
    Heard,
    MessageDrafted,
    MessagePassedOn,
    OrderFound,
    OrderUnknown,
    Recorded,
)
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.catalogue.service import words_of

MIN_SECONDS = 1
BARE = 2


def message(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What shall the team know?"""
    if heard.digits == "1" and state.voicemail:
        return after_the_tone(state)
    words = () if heard.digits else words_of(heard.speech)
    # `I cannot come on Thursday` is no `no`.
    if heard.digits == "0" or (len(words) <= BARE and understanding.yes_or_no(words) is False):
        return ask(replace(state, step=Step.MENU), facts)
    if not words:
        return None
    return Decision(state, (Say(phrases.MESSAGE_IS), Quote(heard.speech)), DraftMessage(heard.speech))


def sure(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Shall I pass this message on? Only a key 1 or a plain yes does."""
    answer = None if heard.digits else understanding.yes_or_no(words_of(heard.speech))
    if state.message_id is None or heard.digits == "2" or answer is False:
        return ask(replace(state, step=Step.MESSAGE, message_id=None), facts)
    if heard.digits == "1" or answer:
        return Decision(state, effect=PassMessageOn(state.message_id))
    return None


def after_the_tone(state: DialogueState, *before: str) -> Decision:
    """Let the caller speak a message that is recorded."""
    return Decision(
        replace(state, step=Step.VOICEMAIL, misses=0), (TakeMessage(" ".join([*before, phrases.AFTER_THE_TONE])),)
    )


def silent_tape(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    """Nothing was said after the tone."""
    return end(state, phrases.given_up(can_text=state.can_text))


def after(state: DialogueState, outcome: Recorded | MessageDrafted | MessagePassedOn, facts: Facts) -> Decision:
    """How it goes on after a message was spoken, kept or passed on."""
    match outcome:
        case Recorded(_, seconds) if seconds < MIN_SECONDS:
            return silent_tape(state, Heard(), facts)
        case Recorded(recording_sid, seconds):
            return Decision(state, effect=KeepRecording(recording_sid, seconds))
        case MessageDrafted(message_id):
            return ask(replace(state, step=Step.MESSAGE_SURE, message_id=message_id), facts)
        case MessagePassedOn():
            return end(state, phrases.MESSAGE_PASSED_ON)


def begin_status(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    """How does my order stand? Its number is in our text, so that nobody hears of an order by a number that is shown
    on the display alone."""
    if not facts.caller_known:
        return ask(state, facts, order_phrases.STATUS_UNKNOWN_CALLER)
    number = counting.order_number_in("", words_of(heard.speech))
    asked = replace(state, step=Step.ORDER_NUMBER)
    return ask(asked, facts) if number is None else Decision(asked, effect=FindOrder(number))


def order_number(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What is the number of the order?"""
    if heard.digits == "0":
        return ask(replace(state, step=Step.MENU), facts)
    number = counting.order_number_in(heard.digits, words_of(heard.speech))
    return None if number is None else Decision(state, effect=FindOrder(number))


def status(state: DialogueState, outcome: OrderFound | OrderUnknown, facts: Facts) -> Decision:
    """Tell how the order stands, in no more words than its payer may hear."""
    said: tuple[Act, ...]
    match outcome:
        case OrderFound(number, order_state):
            return ask(replace(state, step=Step.MENU), facts, order_phrases.order_stands(number, order_state))
        case OrderUnknown():
            said = (Say(order_phrases.ORDER_UNKNOWN),)
            asked = ask(replace(state, step=Step.MENU), facts)
            return replace(asked, acts=(*said, *asked.acts))
