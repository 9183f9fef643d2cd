"""The part of the dialogue that takes an order. Pure: (state, event, facts) → decision, None for not understood."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.features.calls import (
    booking,
    booking_phrases,
    counting,
    naming,
    options,
    order_phrases,
    phrases,
    understanding,
)
from callwaiting.features.calls.acts import AllowTexts, Ask, Facts, PlaceOrder, Say
from callwaiting.features.calls.correcting import correct
from callwaiting.features.calls.filling import and_later, settle, wishes_and_notes
from callwaiting.features.calls.outcomes import (
    AmountRefused,
    ChoicesOpen,
    Heard,
    ItemsGone,
    Placed,
    Priced,
    TextsRefused,
)
from callwaiting.features.calls.prompts import YES_NO, Decision, ask, candidates, end, offered, option_asked
from callwaiting.features.calls.state import DialogueState, Step, Wish
from callwaiting.features.calls.vocabulary import NO, Intent
from callwaiting.features.catalogue.service import words_of

SHORT = 5


def item(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What would you like, or anything else?"""
    words = words_of(heard.speech)
    if heard.digits == "0" or (not heard.digits and understanding.says_done(words)):
        if not state.cart:
            return ask(replace(state, step=Step.MENU), facts, order_phrases.EMPTY_CART)
        return ask(replace(state, step=Step.CONFIRM), facts)
    if corrected := correct(state, heard, facts):
        return corrected
    if understanding.asks_after(words):
        return None
    wishes, notes = wishes_and_notes(heard, facts)
    if wishes:
        state, first = and_later(state, heard, facts)
        return settle(replace(state, wishes=wishes), facts, *first, *notes)
    if state.step is Step.MORE and understanding.yes_or_no(words):
        return ask(replace(state, step=Step.ITEM), facts)
    wants_to = state.step is Step.ITEM and len(words) <= SHORT and understanding.intent_in(words) is Intent.ORDER
    if wants_to and not NO & set(words):
        return ask(state, facts)  # `I want to order`: what, is asked already
    return None


def choice(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Which of these items?"""
    wish, fitting, words = state.wishes[0], candidates(state, facts), words_of(heard.speech)
    if heard.digits == "0" or understanding.yes_or_no(words) is False:
        return settle(replace(state, wishes=state.wishes[1:]), facts)
    position = counting.position_in(heard.digits, words, len(fitting))
    named = () if heard.digits else naming.wishes_in(words, fitting)
    if position is not None:
        chosen = options.of_one(fitting[position], wish)
    elif len(named) == 1 and len(named[0].item_ids) == 1:
        one = next(item for item in fitting if item.id == named[0].item_ids[0])
        chosen = replace(options.of_one(one, wish), quantity=wish.quantity or named[0].quantity)
    else:
        return None
    return settle(replace(state, wishes=(chosen, *state.wishes[1:])), facts)


def option(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Which of these options? None of them gives up what was wished, unless it can be had without."""
    question = option_asked(state, facts)
    if question is None:
        return settle(state, facts)
    (item, group), wish, words = question, state.wishes[0], words_of(heard.speech)
    said = () if heard.digits else options.said_in(heard.speech, (item,))
    if said:
        found = options.resolved(item, replace(wish, quantity=wish.quantity or said[0].quantity), said[0])
        chosen = replace(found.wish, asking=None)
        return settle(replace(state, wishes=(chosen, *state.wishes[1:])), facts, *found.notes)
    if heard.digits == "0" or understanding.yes_or_no(words) is False:
        rest = state.wishes[1:] if group.min_choices else (replace(wish, asking=None), *state.wishes[1:])
        return settle(replace(state, wishes=rest), facts)
    choices = offered(group)
    position = counting.position_in(heard.digits, words, len(choices))
    if position is None or choices[position].id in wish.options:
        return None
    chosen = replace(wish, options=(*wish.options, choices[position].id), asking=None)
    return settle(replace(state, wishes=(chosen, *state.wishes[1:])), facts)


def quantity(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """How many of it?"""
    words = () if heard.digits else words_of(heard.speech)
    number = counting.quantity_in(heard.digits, words)
    other = naming.wishes_in(words[1:] if words[:1] == ("no",) else words, facts.menu)
    if other and not set(state.wishes[0].item_ids) & set(other[0].item_ids):  # `no, two pepperonis`
        return settle(replace(state, wishes=(*other, *state.wishes[1:])), facts)
    if number is None:
        return None
    rest = state.wishes[1:]
    first = () if number == 0 else (replace(state.wishes[0], quantity=number),)
    return settle(replace(state, wishes=(*first, *rest)), facts)


def confirm(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Shall I place this order? Only a key 1 or a plain yes places it."""
    words = words_of(heard.speech)
    if corrected := correct(state, heard, facts):
        return corrected
    if heard.digits == "1" or (not heard.digits and understanding.yes_or_no(words)):
        return place(state, facts)
    if heard.digits == "2" or (not heard.digits and understanding.yes_or_no(words) is False):
        return ask(replace(state, step=Step.FIX), facts)
    if not heard.digits and understanding.says_done(words):  # which is no yes
        return ask(state, facts)
    wishes, notes = ((), []) if heard.digits else wishes_and_notes(heard, facts)
    return settle(replace(state, wishes=wishes), facts, *notes) if wishes else None


def fix(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What shall be changed?"""
    words = words_of(heard.speech)
    if heard.digits == "3":
        return ask(replace(state, step=Step.ITEM, cart=(), wishes=()), facts, phrases.STARTED_OVER)
    if corrected := correct(state, heard, facts):
        return corrected
    if heard.digits == "2" or (not heard.digits and {"remove", "last"} & set(words)):
        cart = state.cart[:-1]
        if not cart:
            return ask(replace(state, step=Step.ITEM, cart=()), facts, order_phrases.EMPTY_CART)
        return ask(replace(state, step=Step.CONFIRM, cart=cart), facts)
    wishes, notes = ((), []) if heard.digits else wishes_and_notes(heard, facts)
    if wishes:
        return settle(replace(state, wishes=wishes), facts, *notes)
    if heard.digits == "1" or (not heard.digits and "add" in words):
        return ask(replace(state, step=Step.ITEM), facts)
    return None


def allow_texts(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """May we text you after all? Without texts there is no payment link, so no order, and no booking with a deposit."""
    answer = understanding.yes_or_no(words_of(heard.speech))
    if heard.digits == "1" or (not heard.digits and answer):
        return Decision(state, effect=AllowTexts())
    if heard.digits in {"2", "0"} or (not heard.digits and answer is False):
        return end(state, booking_phrases.NOT_BOOKED if state.goal == "booking" else order_phrases.NOT_PLACED)
    return None


def place(state: DialogueState, facts: Facts) -> Decision:
    """Place what the caller said yes to; ask for a number first when there is none."""
    if state.agreed is None:
        return ask(replace(state, step=Step.CONFIRM), facts)
    if not facts.caller_known:
        return ask(replace(state, step=Step.PHONE, goal="order"), facts)
    return Decision(state, effect=PlaceOrder(state.cart, state.agreed, state.due_now, state.code))


def after(
    state: DialogueState,
    outcome: Priced | ItemsGone | ChoicesOpen | AmountRefused | Placed | TextsRefused,
    facts: Facts,
) -> Decision:
    """How it goes on after the order was priced or placed, or could not be."""
    match outcome:
        case Priced(quote, changed, least):
            question = Ask(order_phrases.CONFIRM_ORDER, hints=YES_NO)
            read = Say(order_phrases.read_back(quote, changed=changed, code=state.code, least=least))
            return Decision(
                replace(state, step=Step.CONFIRM, agreed=quote.total, due_now=quote.due_now), (read, question)
            )
        case ItemsGone(item_ids, names):
            cart = tuple(line for line in state.cart if line.item_id not in item_ids)
            step = Step.CONFIRM if cart else (Step.ITEM if facts.menu else Step.MENU)
            return ask(replace(state, step=step, cart=cart, agreed=None), facts, order_phrases.gone(names))
        case ChoicesOpen(lines):
            kept = tuple(line for line in state.cart if line not in lines)
            wishes = tuple(Wish((line.item_id,), line.quantity, line.options, line.removed) for line in lines)
            return settle(replace(state, cart=kept, wishes=wishes, agreed=None), facts, order_phrases.CHOICES_CHANGED)
        case AmountRefused():
            return ask(replace(state, step=Step.FIX, agreed=None), facts, order_phrases.AMOUNT_REFUSED)
        case Placed(number, total, due_now) if state.later:
            placed = replace(state, cart=(), agreed=None, due_now=None, code="", later=False)
            return booking.go_on(placed, facts, order_phrases.placed(number, total, due_now, end=""))
        case Placed(number, total, due_now):
            return end(state, order_phrases.placed(number, total, due_now))
        case TextsRefused() if state.number_keyed:  # whoever keyed the number may not be whose it is
            return end(state, order_phrases.NOT_PLACED)
        case TextsRefused():
            return ask(replace(state, step=Step.ALLOW_TEXTS, goal="order"), facts)
