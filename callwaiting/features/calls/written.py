"""Acts as one text message, for callers who write. Pure.

What is spoken and what is written differ: a text asks for no keys, and for no word that carriers take as an opt-out or
an opt-in (CANCEL, END, YES). The policy and every amount and time in it are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from callwaiting.features.bookings.service import spoken_time
from callwaiting.features.calls import booking_phrases, order_phrases, phrases, prompts
from callwaiting.features.calls.acts import Act, Ask, Facts, Quote, Say
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.messages.service import plain, segments_of

SEGMENTS = 2
MOST_SEGMENTS = 4  # the read-back of a long order, which must be whole
OK_OR_NO = "Reply OK or NO."
SAID: Mapping[str, str] = {
    phrases.NOT_UNDERSTOOD: "Sorry, I did not understand that.",
    phrases.USE_KEYPAD: "Sorry, I still do not understand. The team can read it here.",
    phrases.NO_ANSWER: "I have no answer to that. The team can read it here.",
    phrases.CALM: "I am sorry that this is tiresome. The team can read it here.",
    phrases.PERSON_CALLED: "I have told the team that you asked for a person.",
    phrases.PERSON_STILL_CALLED: "The team knows that you asked for a person.",
    order_phrases.AMOUNT_REFUSED: "I cannot take an order of this amount by text.",
    booking_phrases.BOOKING_UNKNOWN: "I do not find a booking of yours on that day.",
    booking_phrases.BOOKING_TOO_LATE: "It is too late to change that booking with me. Please call us.",
    order_phrases.ORDER_UNKNOWN: "I do not find an order of yours with that number.",
    phrases.MESSAGE_PASSED_ON: "Thank you. I have passed it on to the team.",
    phrases.NO_CARDS: "Please never text me the number of a card. Payment is by the link that we text you.",
    phrases.NOT_HEARD: "Sorry, I did not understand that.",
    order_phrases.CALL_OFF_PAID: (
        "An order that is not paid for is not made: its link just runs out. To call off one that is paid, please write"
        " to the team here."
    ),
    order_phrases.CODE_REFUSED: "Sorry, this code is over, or not quite right.",
    order_phrases.CODE_TRIES: "I cannot try any more codes now. The team can read it here.",
    phrases.GOODBYE: "",
}
ENGLISH_ONLY: Mapping[str, str] = {
    "es-US": "Lo siento, solo entiendo ingles. El equipo puede leer su mensaje.",
    "fr-CA": "Desole, je ne comprends que l'anglais. L'equipe peut lire votre message.",
    "de-DE": "Leider verstehe ich nur Englisch. Das Team kann Ihre Nachricht lesen.",
}
# The policy ends these with what only a voice says.
LEAVE_TAKING = f" {phrases.GOODBYE}"
LATER = "For more, you can leave a message for the team: just say so."


def render(acts: Sequence[Act], state: DialogueState, facts: Facts, *, introduced: bool = True) -> str:
    """One text, in two segments where that loses nothing that must be said; empty when there is nothing to say.

    Not `introduced` yet: it says first who writes, and that this is a machine.
    """
    said = [text for act in acts if (text := _said(act, facts))]
    asks = any(isinstance(act, Ask) for act in acts) and not _is_settled(said, state)
    if not said and not asks:
        return ""
    intro = () if introduced else (f"{facts.business}, automatic reply:",)
    text = ""
    for most in range(phrases.MENU_ITEMS, 0, -1):
        question = _question(state, facts, most) if asks else ""
        text = plain(" ".join(filter(None, [*intro, *said, question])))
        if segments_of(text).parts <= SEGMENTS:
            return text
    return _cut(text)


def _said(act: Act, facts: Facts) -> str:
    match act:
        case Say(text, "") if text in SAID:
            return SAID[text]
        case Say(text, "") if text == phrases.emergency(facts.region):
            number = phrases.emergency_number(facts.region)
            return f"If anybody is in danger, please call {number} now. I cannot call for help."
        case Say(text, "") if text.startswith(phrases.GIVEN_UP):
            return "I am sorry, I cannot do this by text. The team can read it here."
        case Say(text, ""):
            return text.removesuffix(LEAVE_TAKING).replace(LATER, "For more, please write to the team here.")
        case Say(_, language):
            return ENGLISH_ONLY.get(language, "")
        case Quote(text):
            return f'"{text}"'
        case _:
            return ""


def _is_settled(said: Sequence[str], state: DialogueState) -> bool:
    """Whether what was said needs no question behind it: an answer, after which anything may be written."""
    return bool(said) and state.step is Step.MENU and not state.misses


def _question(state: DialogueState, facts: Facts, most: int) -> str:
    """What belongs to the step, with as many choices as there is room for."""
    asked = QUESTIONS.get(state.step, _menu)
    return asked(state, facts, most)


def _menu(state: DialogueState, facts: Facts, most: int) -> str:
    offers = ["what you would like to order"] if facts.menu else []
    offers += ["when you would like to come"] if state.takes_bookings else []
    return f"Please write {', or '.join([*offers, 'what you would like to know'])}."


def _items(state: DialogueState, facts: Facts, most: int) -> str:
    offered = ", ".join(f"{item.name} {item.price}" for item in facts.menu[:most])
    return f"What would you like? We have: {offered}{'' if len(facts.menu) <= most else ' and more'}."


def _which(state: DialogueState, facts: Facts, most: int) -> str:
    offered = [f"{item.name} {item.price}" for item in prompts.candidates(state, facts)[:most]]
    return f"Which one do you mean: {_either(offered)}?"


def _option(state: DialogueState, facts: Facts, most: int) -> str:
    asked = prompts.option_asked(state, facts)
    if asked is None:
        return ""
    item, group = asked
    offered = [f"{option.name}{order_phrases.difference(option)}" for option in prompts.offered(group)[:most]]
    return f"Which {group.name} for the {item.name}: {_either(offered)}?"


def _how_many(state: DialogueState, facts: Facts, most: int) -> str:
    return f"How many {prompts.candidates(state, facts)[0].name} would you like?"


def _service(state: DialogueState, facts: Facts, most: int) -> str:
    offered = [
        f"{offer.name} {offer.price}" if offer.price.minor else offer.name for offer in facts.choice.services[:most]
    ]
    return f"What would you like to book: {_either(offered)}?"


def _times(state: DialogueState, facts: Facts, most: int) -> str:
    times = [booking_phrases.moment(slot, facts) + booking_phrases.by_whom(slot, facts) for slot in state.offers]
    what = booking_phrases.what_for(state.visit, facts)
    return f"Free{what}: {_either(times)}. Which suits you? You can also write another day and time."


def _book(state: DialogueState, facts: Facts, most: int) -> str:
    if state.held is None:
        return ""
    time, details = (
        booking_phrases.moment(state.held, facts),
        booking_phrases.details(state.held, state.visit, facts, state.also),
    )
    due = booking_phrases.due_first(state.held, facts)
    them = "them" if state.also else "it"
    return f"I am holding {time} for you{details}.{due} Reply OK to book {them}, or write another time."


def _change(state: DialogueState, facts: Facts, most: int) -> str:
    if state.held is None:
        return ""
    booked = booking_phrases.to_change(state.held, state.visit, facts, unpaid=state.unpaid)
    return f"{booked} Reply MOVE to move it, OFF to call it off, KEEP to leave it as it is."


def _off_sure(state: DialogueState, facts: Facts, most: int) -> str:
    if state.held is None:
        return ""
    what = booking_phrases.what_for(state.visit, facts)
    return f"Shall I call off your booking {spoken_time(state.held.start, facts.zone, facts.now)}{what}? {OK_OR_NO}"


def _move_sure(state: DialogueState, facts: Facts, most: int) -> str:
    if not state.offers:
        return ""
    slot = state.offers[0]
    time = booking_phrases.moment(slot, facts) + booking_phrases.by_whom(slot, facts)
    return f"Shall I move your booking to {time}? {OK_OR_NO}"


def _plainly(text: str) -> Callable[[DialogueState, Facts, int], str]:
    return lambda state, facts, most: text


QUESTIONS: Mapping[Step, Callable[[DialogueState, Facts, int], str]] = {
    Step.ITEM: _items,
    Step.CHOICE: _which,
    Step.OPTION: _option,
    Step.QUANTITY: _how_many,
    Step.MORE: _plainly("Anything else? If not, reply DONE."),
    Step.CONFIRM: _plainly("Reply OK to place this order, NO to change it."),
    Step.FIX: _plainly("What shall I change? Write for example: remove the last one, or: start over."),
    Step.ALLOW_TEXTS: _plainly("The payment link comes by text. Reply START to allow texts again."),
    Step.CODE: _plainly("What is the code? Reply NO to go on without one."),
    Step.SERVICE: _service,
    Step.PARTY: _plainly("For how many people?"),
    Step.SLOT: _times,
    Step.BOOK: _book,
    Step.WHICH_BOOKING: _plainly("On which day is your booking?"),
    Step.CHANGE: _change,
    Step.CANCEL_SURE: _off_sure,
    Step.MOVE_SLOT: _times,
    Step.MOVE_SURE: _move_sure,
    Step.ORDER_NUMBER: _plainly("What is the number of your order? It is in the text that we sent you."),
    Step.MESSAGE: _plainly("What shall I tell the team?"),
    Step.MESSAGE_SURE: _plainly(f"Shall I pass it on? {OK_OR_NO}"),
}


def _either(texts: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(texts[:-1]), texts[-1]])) if texts else ""


def _cut(text: str) -> str:
    """What cannot be shortened by choices alone; amounts stand at its end, so that its middle is left out."""
    words = text.split(" ")
    while segments_of(text).parts > MOST_SEGMENTS and len(words) > 2:
        middle = len(words) // 2
        words = [*words[: middle - 1], *words[middle:]]
        text = " ".join([*words[: middle - 1], "...", *words[middle - 1 :]])
    return text
