"""The policy: what the assistant does next. A pure function of its state, of what happened, and of what the database
says; it reads and writes nothing itself, so the same call can be played by a test, a terminal or a telephone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from callwaiting.features.calls import (
    asking,
    booking,
    changing,
    codes,
    commands,
    messaging,
    opening,
    ordering,
    phrases,
    understanding,
)
from callwaiting.features.calls.acts import Facts, FindAnswer, HangUp, RememberCaller, Say
from callwaiting.features.calls.outcomes import (
    AmountRefused,
    Answered,
    Booked,
    BookingChanged,
    BookingFound,
    BookingTooLate,
    BookingUnknown,
    CallerReachable,
    CameBack,
    ChoicesOpen,
    CodeGood,
    CodeLost,
    CodeRefused,
    DepositNeedsTexts,
    DepositUnderway,
    Event,
    Heard,
    ItemsGone,
    MessageDrafted,
    MessagePassedOn,
    NotAnswered,
    Noted,
    NumberRefused,
    OrderFound,
    OrderUnknown,
    Placed,
    Priced,
    Recorded,
    ServiceGone,
    SlotHeld,
    SlotLost,
    SlotReleased,
    SlotsFound,
    Started,
    TextsRefused,
)
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import FRAMES, DialogueState, Frame, Step
from callwaiting.features.calls.vocabulary import Command
from callwaiting.features.catalogue.service import words_of
from callwaiting.understanding.text import unspelled

REPROMPTS = 2
MAX_TURNS = 100
DICTATED = 5
FAREWELL = 6
URGENT = frozenset({Command.EMERGENCY, Command.STOP_TEXTS})


def decide(state: DialogueState, event: Event, facts: Facts) -> Decision:
    """What follows from `event`. Never raises for anything a caller can press or say."""
    match event:
        case Started():
            return opening.begin(event, facts)
        case Heard():
            return _hear(replace(state, turns=state.turns + 1), event, facts)
        case Recorded() | MessageDrafted() | MessagePassedOn():
            return messaging.after(replace(state, misses=0), event, facts)
        case CameBack(connected):
            return commands.came_back(state, facts, connected=connected)
        case Answered(text):
            return ask(replace(state, misses=0), facts, text)
        case NotAnswered(question):
            return _missed(state, facts, phrases.NO_ANSWER if question else phrases.NOT_UNDERSTOOD)
        case OrderFound() | OrderUnknown():
            return messaging.status(state, event, facts)
        case Priced() | ItemsGone() | ChoicesOpen() | AmountRefused() | Placed() | TextsRefused():
            return ordering.after(state, event, facts)
        case CodeGood() | CodeRefused() | CodeLost():
            return codes.after(state, event, facts)
        case BookingFound() | BookingUnknown() | BookingTooLate() | BookingChanged() | DepositUnderway():
            return changing.after(state, event, facts)
        case SlotsFound() | SlotLost() | ServiceGone() if state.step in FRAMES[Frame.CHANGE]:
            return changing.after(state, event, facts)
        case SlotsFound() | ServiceGone() | SlotHeld() | SlotLost() | Booked() | DepositNeedsTexts():
            return booking.after(state, event, facts)
        case CallerReachable(can_text):
            return _go_on(replace(state, can_text=can_text, misses=0), facts)
        case NumberRefused():
            return _missed(state, facts, phrases.NUMBER_REFUSED)
        case SlotReleased() if state.step is Step.BOOK:
            return booking.released(state, facts)
        case SlotReleased() | Noted():
            return ask(state, facts)


def give_up(state: DialogueState) -> Decision:
    """End a call that leads nowhere; whoever can be texted is promised a text."""
    return end(state, phrases.given_up(can_text=state.can_text))


def _hear(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    if state.step is Step.DONE:
        return end(state, phrases.GOODBYE)
    if state.turns >= MAX_TURNS:
        return give_up(state)
    if state.step is not Step.MESSAGE:  # what is dictated stays as it was said
        heard = replace(heard, speech=unspelled(heard.speech))
    words = () if heard.digits else words_of(heard.speech)
    if heard.digits or words:
        state = replace(state, declined=False)
    command = understanding.command_in(words)
    if state.step is Step.MESSAGE and len(words) > DICTATED and command not in URGENT:
        command = None  # `tell them I need to speak to the chef` is a message
    if command is Command.REPEAT and len(words) > DICTATED:
        command = None  # `what time was my appointment again`
    if state.step is not Step.MESSAGE and command is None and understanding.asks_to_wait(words):
        return ask(state, facts, phrases.TAKE_YOUR_TIME)
    if command:
        decision: Decision | None = commands.obey(state, command, heard, facts)
    else:
        taken = asking.taken(state, heard, facts)
        state = replace(state, offer=None)
        decision = taken or codes.mentioned(state, heard, facts) or _answer(state, heard, facts)
    if decision is None and words:
        decision = opening.wish(state, heard, facts)
    if decision is None:
        return _not_understood(state, words, heard, facts)
    if isinstance(decision.effect, RememberCaller | FindAnswer):  # misses count until a number or an answer is good
        return decision
    declined = decision.state.declined or _turns_down(state.step, heard, words, decision)
    return replace(decision, state=replace(decision.state, misses=0, declined=declined))


def _turns_down(asked: Step, heard: Heard, words: tuple[str, ...], decision: Decision) -> bool:
    """Whether a no has led back to the beginning, or to the end of the call."""
    if asked is decision.state.step or decision.state.step not in {Step.MENU, Step.DONE} or decision.effect:
        return False
    return heard.digits in {"0", "2", "3"} or understanding.yes_or_no(words) is False


def _answer(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    return asking.total(state, heard, facts) or STEPS[state.step](state, heard, facts)


def _not_understood(state: DialogueState, words: tuple[str, ...], heard: Heard, facts: Facts) -> Decision:
    if language := understanding.other_language(words):
        decision = _missed(state, facts, "")
        return replace(decision, acts=(Say(phrases.ENGLISH_ONLY[language], language), *decision.acts))
    if understanding.is_angry(words):
        return _missed(state, facts, phrases.CALM)
    if words and len(words) <= FAREWELL and opening.greets(heard.speech, facts):
        return ask(state, facts)
    farewell = words and len(words) <= FAREWELL and opening.says_goodbye(heard.speech, facts)
    if farewell or understanding.has(words, ("wrong", "number")):
        return end(replace(state, declined=True), phrases.GOODBYE)
    if len(words) > 1:
        return Decision(state, effect=FindAnswer(heard.speech))
    return _missed(state, facts, phrases.NOT_UNDERSTOOD if heard.speech or heard.digits else phrases.NOT_HEARD)


def _missed(state: DialogueState, facts: Facts, why: str = phrases.NOT_UNDERSTOOD) -> Decision:
    """Ask once more, rephrased, then by keys; then hand over to whatever is left."""
    misses = state.misses + 1
    state = replace(state, misses=misses)
    if misses <= REPROMPTS:
        why = why if misses < REPROMPTS or why == phrases.NO_ANSWER else phrases.USE_KEYPAD
        return ask(state, facts, *((why,) if why else ()))
    if state.voicemail and state.step is not Step.VOICEMAIL:
        return messaging.after_the_tone(state, phrases.GIVEN_UP_TO_TAPE)
    return give_up(state)


def _phone(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    keyed = replace(state, number_keyed=True)
    return Decision(keyed, effect=RememberCaller(heard.digits)) if heard.digits else None


def _go_on(state: DialogueState, facts: Facts) -> Decision:
    """With the caller's number known (or texts allowed again), do what it was asked for."""
    known = replace(facts, caller_known=True)
    if state.goal == "booking":
        return booking.confirm(state, known)
    return ordering.place(state, known)


def _over(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    return Decision(state, (Say(phrases.GOODBYE), HangUp()))


STEPS: Mapping[Step, Callable[[DialogueState, Heard, Facts], Decision | None]] = {
    Step.RECORDING: opening.recording,
    Step.MENU: opening.menu,
    Step.ITEM: ordering.item,
    Step.MORE: ordering.item,
    Step.CHOICE: ordering.choice,
    Step.OPTION: ordering.option,
    Step.QUANTITY: ordering.quantity,
    Step.CONFIRM: ordering.confirm,
    Step.FIX: ordering.fix,
    Step.ALLOW_TEXTS: ordering.allow_texts,
    Step.CODE: codes.code,
    Step.SERVICE: booking.service,
    Step.PARTY: booking.party,
    Step.SLOT: booking.slot,
    Step.BOOK: booking.book,
    Step.WHICH_BOOKING: changing.which,
    Step.CHANGE: changing.change,
    Step.CANCEL_SURE: changing.cancel_sure,
    Step.MOVE_SLOT: changing.move_slot,
    Step.MOVE_SURE: changing.move_sure,
    Step.PHONE: _phone,
    Step.ORDER_NUMBER: messaging.order_number,
    Step.MESSAGE: messaging.message,
    Step.MESSAGE_SURE: messaging.sure,
    Step.VOICEMAIL: messaging.silent_tape,
    Step.DONE: _over,
}
