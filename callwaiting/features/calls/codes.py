"""The part of the dialogue that takes a code for a discount: `I have a code, summer ten`. Pure.

Which codes there are is never said: one that is over is not told from one that never was, and a call has few tries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callwaiting.features.calls import naming, opening, order_phrases, understanding
from callwaiting.features.calls.acts import Act, CheckCode, Facts, Quote, Say
from callwaiting.features.calls.filling import settle, wishes_and_notes
from callwaiting.features.calls.outcomes import CodeGood, CodeLost, CodeRefused, Heard
from callwaiting.features.calls.prompts import Decision, ask
from callwaiting.features.calls.state import FRAMES, DialogueState, Frame, Step
from callwaiting.features.calls.vocabulary import Intent
from callwaiting.features.catalogue.service import words_of
from callwaiting.understanding.numbers import with_digits

TRIES = 3
LONGEST = 6
CUES = frozenset({"code", "coupon", "promo", "voucher"})
OTHER_CODES = frozenset({
    "access", "area", "bar", "building", "country", "door", "dress", "entry", "gate", "gift", "post", "postal", "qr",
    "source", "tax", "wifi", "zip",
})  # fmt: skip
ASKING = frozenset({"how", "what", "whats", "when", "where", "wheres", "which", "who", "why"})
BEFORE = frozenset({"called", "code", "is", "its", "it", "number", "says", "uh", "um", "the", "thats", "that"})
BEHIND = frozenset({
    "and", "as", "at", "but", "can", "could", "for", "from", "here", "i", "id", "if", "ill", "in", "next", "now",
    "off", "on", "please", "somewhere", "thank", "thanks", "then", "to", "today", "tomorrow", "too", "want", "we",
    "when", "will", "with", "would", "you",
})  # fmt: skip
NONE = ((), ("never", "mind"), ("forget", "it"), ("skip", "it"), ("go", "on"), ("without",), ("without", "it"))
NO_CODES = frozenset({Step.RECORDING, Step.MESSAGE, Step.MESSAGE_SURE, Step.VOICEMAIL, Step.ORDER_NUMBER, Step.DONE})

ELSEWHERE = frozenset({Intent.BOOK, Intent.CHANGE, Intent.STATUS, Intent.MESSAGE})


def mentioned(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """A code that the caller speaks of, whatever was asked. What else is wished in the sentence is kept."""
    words = () if heard.digits else words_of(heard.speech)
    cue = _cue(words, facts)
    if cue is None or state.step in NO_CODES:
        return None
    first = next((at for at in range(cue + 1, len(words)) if words[at] not in BEFORE), len(words))
    last = next((at for at in range(first, len(words)) if words[at] in BEHIND), len(words))
    named = words[first:last]
    if words[0] in ASKING or len(named) > LONGEST or (not named and understanding.asks_something(words) and cue > 3):
        return None
    rest = (*words[:cue], *words[last:])
    other = understanding.intent_in(rest)
    if naming.each_named(rest, facts.choice.services):
        other = other or Intent.BOOK
    if state.step is Step.MENU and other in ELSEWHERE:
        decision = opening.go(state, other, Heard(speech=" ".join(rest)), facts)
        if decision is not None:
            return replace(decision, acts=(Say(order_phrases.CODES_FOR_ORDERS), *decision.acts))
    at_an_order = state.step in FRAMES[Frame.ORDER] or state.step is Step.MENU
    if not facts.menu or not at_an_order or state.goal == "booking":
        return ask(state, facts, order_phrases.CODES_FOR_ORDERS)
    wishes, notes = wishes_and_notes(Heard(speech=" ".join(rest)), facts)
    state = replace(state, wishes=(*state.wishes, *wishes))
    return _check(state, named, facts, *notes)


def code(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What is the code?"""
    words = words_of(heard.speech)
    if heard.digits == "0" or (not heard.digits and _has_none(words)):
        return _go_on(state, facts)
    if heard.digits:
        return _check(state, (heard.digits,), facts) if heard.digits.isdecimal() else None
    named = tuple(words[next((at for at, word in enumerate(words) if word not in BEFORE), len(words)) :])
    if not named or len(named) > LONGEST or understanding.asks_something(words) or understanding.intent_in(words):
        return None
    if understanding.yes_or_no(words):
        return None
    return _check(state, tuple(word for word in named if word not in {"please", "thanks"}), facts, said=heard.speech)


def after(state: DialogueState, outcome: CodeGood | CodeRefused | CodeLost, facts: Facts) -> Decision:
    """How it goes on after a code was looked up, or does not hold any more."""
    match outcome:
        case CodeGood(named, basis_points, amount, least):
            good = [order_phrases.code_good(named, basis_points, amount, least)]
            good += [order_phrases.code_replaced(state.code)] if state.code not in {"", named} else []
            return _go_on(replace(state, code=named), facts, *good)
        case CodeLost(too_little=too_little):
            lost = replace(state, step=Step.CONFIRM, code="", agreed=None)
            return ask(lost, facts, order_phrases.code_lost(state.code, too_little=too_little))
        case CodeRefused(named, said):
            refused: tuple[Act, ...] = (Say(order_phrases.CODE_REFUSED),)
            if not facts.written:  # who writes knows what it was, and `YES` is no word to send back
                refused = (*refused, Quote(named))
            tried = replace(state, code_tries=state.code_tries + 1)
            wishes, notes = wishes_and_notes(Heard(speech=said), facts)
            if wishes:  # the caller has gone on to something else
                decision = settle(replace(tried, wishes=(*state.wishes, *wishes)), facts, *notes)
            elif tried.code_tries < TRIES:
                decision = ask(replace(tried, step=Step.CODE), facts)
            else:
                decision = _go_on(tried, facts, order_phrases.CODE_TRIES)
            return replace(decision, acts=(*refused, *decision.acts))


def _check(state: DialogueState, named: Sequence[str], facts: Facts, *notes: str, said: str = "") -> Decision:
    """Look the code up, or ask for it."""
    if state.code_tries >= TRIES:
        return _go_on(state, facts, *notes, order_phrases.CODE_TRIES)
    if not named:
        return ask(replace(state, step=Step.CODE), facts, *notes)
    spelled = _written(named)
    return Decision(replace(state, step=Step.CODE), tuple(map(Say, notes)), CheckCode(spelled, said))


def _go_on(state: DialogueState, facts: Facts, *notes: str) -> Decision:
    """Back to the order, where it was left."""
    if state.wishes or not state.agreed or not state.cart:
        return settle(state, facts, *notes)
    return ask(replace(state, step=Step.CONFIRM), facts, *notes)


def _cue(words: Sequence[str], facts: Facts) -> int | None:
    """Where a code is spoken of: the last such word that is none of the menu's."""
    of_the_menu = {word for item in facts.menu for name in (item.name, *item.aliases) for word in words_of(name)}
    places = [at for at, word in enumerate(words) if word in CUES - of_the_menu]
    return next((at for at in reversed(places) if not OTHER_CODES & set(words[max(at - 1, 0) : at])), None)


def _has_none(words: Sequence[str]) -> bool:
    plain = tuple(word for word in words if word not in {"ok", "okay", "oh", "please"})
    denied = understanding.yes_or_no(words) is False and (len(words) <= 2 or {"have", "know", "remember"} & set(words))
    return bool(words) and (plain in NONE or bool(denied) or understanding.says_done(words))


def _written(named: Sequence[str]) -> str:
    """As the merchant may have written it: numbers in figures, no hyphens."""
    spoken = " ".join(word for word in named if word not in {"dash", "hyphen"})
    return with_digits(spoken).replace(" ", "").upper()[:40]
