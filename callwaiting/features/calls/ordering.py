"""The part of the dialogue that takes an order. Pure: (state, event, facts) → decision, None for not understood."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.features.calls import phrases, understanding
from callwaiting.features.calls.acts import AllowTexts, Ask, Facts, PlaceOrder, Say
from callwaiting.features.calls.outcomes import AmountRefused, Heard, ItemsGone, Placed, Priced, TextsRefused
from callwaiting.features.calls.prompts import YES_NO, Decision, ask, candidates, end, item_named
from callwaiting.features.calls.state import DialogueState, Step, Wish
from callwaiting.features.catalogue.service import words_of
from callwaiting.features.orders.service import MAX_LINES, MAX_QUANTITY, LineRequest


def item(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What would you like, or anything else?"""
    words = words_of(heard.speech)
    if heard.digits == "0" or (not heard.digits and understanding.says_done(words)):
        if not state.cart:
            return ask(replace(state, step=Step.MENU), facts, phrases.EMPTY_CART)
        return ask(replace(state, step=Step.CONFIRM), facts)
    if corrected := correct(state, heard, facts):
        return corrected
    if understanding.asks_after(words):
        return None
    wishes = wishes_of(heard, facts)
    if wishes:
        return settle(replace(state, wishes=wishes), facts)
    if state.step is Step.MORE and understanding.yes_or_no(words):
        return ask(replace(state, step=Step.ITEM), facts)
    return None


def choice(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Which of these items?"""
    wish, offered, words = state.wishes[0], candidates(state, facts), words_of(heard.speech)
    if heard.digits == "0" or understanding.yes_or_no(words) is False:
        return settle(replace(state, wishes=state.wishes[1:]), facts)
    position = understanding.position_in(heard.digits, words, len(offered))
    named = () if heard.digits else understanding.wishes_in(words, offered)
    if position is not None:
        chosen = Wish((offered[position].id,), wish.quantity)
    elif len(named) == 1 and len(named[0].item_ids) == 1:
        chosen = Wish(named[0].item_ids, wish.quantity or named[0].quantity)
    else:
        return None
    return settle(replace(state, wishes=(chosen, *state.wishes[1:])), facts)


def quantity(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """How many of it?"""
    number = understanding.quantity_in(heard.digits, words_of(heard.speech))
    if number is None:
        return None
    rest = state.wishes[1:]
    first = () if number == 0 else (Wish(state.wishes[0].item_ids, number),)
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
    wishes = () if heard.digits else wishes_of(heard, facts)
    return settle(replace(state, wishes=wishes), facts) if wishes else None


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
            return ask(replace(state, step=Step.ITEM, cart=()), facts, phrases.EMPTY_CART)
        return ask(replace(state, step=Step.CONFIRM, cart=cart), facts)
    wishes = () if heard.digits else wishes_of(heard, facts)
    if wishes:
        return settle(replace(state, wishes=wishes), facts)
    if heard.digits == "1" or (not heard.digits and "add" in words):
        return ask(replace(state, step=Step.ITEM), facts)
    return None


def correct(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """`Make that two`, `remove the cola`: the cart as it shall be, read out or read back anew. None for no
    correction."""
    in_cart = [found for line in state.cart if (found := item_named(line.item_id, facts))]
    if heard.digits or not in_cart:
        return None
    correction = understanding.correction_in(words_of(heard.speech), in_cart)
    if correction is None:
        return None
    item_id = correction.item_id or state.last or in_cart[-1].id
    cart = tuple(
        LineRequest(line.item_id, correction.quantity) if line.item_id == item_id else line
        for line in state.cart
        if line.item_id != item_id or correction.quantity
    )
    corrected = replace(state, cart=cart, agreed=None, last=item_id, wishes=())
    if not cart:
        return ask(replace(corrected, step=Step.ITEM, last=None), facts, phrases.EMPTY_CART)
    if state.step in {Step.CONFIRM, Step.FIX}:
        return ask(replace(corrected, step=Step.CONFIRM), facts)
    return settle(corrected, facts)


def allow_texts(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """May we text you after all? Without texts there is no payment link, so no order."""
    answer = understanding.yes_or_no(words_of(heard.speech))
    if heard.digits == "1" or (not heard.digits and answer):
        return Decision(state, effect=AllowTexts())
    if heard.digits in {"2", "0"} or (not heard.digits and answer is False):
        return end(state, phrases.not_placed())
    return None


def place(state: DialogueState, facts: Facts) -> Decision:
    """Place what the caller said yes to; ask for a number first when there is none."""
    if state.agreed is None:
        return ask(replace(state, step=Step.CONFIRM), facts)
    if not facts.caller_known:
        return ask(replace(state, step=Step.PHONE, goal="order"), facts)
    return Decision(state, effect=PlaceOrder(state.cart, state.agreed))


def after(
    state: DialogueState, outcome: Priced | ItemsGone | AmountRefused | Placed | TextsRefused, facts: Facts
) -> Decision:
    """How it goes on after the order was priced or placed, or could not be."""
    match outcome:
        case Priced(quote, changed):
            question = Ask(phrases.confirm_order(), hints=YES_NO)
            read = Say(phrases.read_back(quote, changed=changed))
            return Decision(replace(state, step=Step.CONFIRM, agreed=quote.total), (read, question))
        case ItemsGone(item_ids, names):
            cart = tuple(line for line in state.cart if line.item_id not in item_ids)
            step = Step.CONFIRM if cart else (Step.ITEM if facts.menu else Step.MENU)
            return ask(replace(state, step=step, cart=cart, agreed=None), facts, phrases.gone(names))
        case AmountRefused():
            return ask(replace(state, step=Step.FIX, agreed=None), facts, phrases.AMOUNT_REFUSED)
        case Placed(number, total):
            return end(state, phrases.placed(number, total))
        case TextsRefused() if state.number_keyed:  # whoever keyed the number may not be whose it is
            return end(state, phrases.not_placed())
        case TextsRefused():
            return ask(replace(state, step=Step.ALLOW_TEXTS, goal="order"), facts)


def settle(state: DialogueState, facts: Facts) -> Decision:
    """Put the wishes into the cart, asking about the first that is not clear yet."""
    notes: list[str] = []
    on_menu = {found.id for found in facts.menu}
    while state.wishes:
        named, quantity_said = state.wishes[0].item_ids, state.wishes[0].quantity
        wish = Wish(tuple(item_id for item_id in named if item_id in on_menu), quantity_said)
        state = replace(state, wishes=(wish, *state.wishes[1:]))
        if len(wish.item_ids) > 1:
            return ask(replace(state, step=Step.CHOICE), facts, *notes)
        if wish.item_ids and wish.quantity is None:
            return ask(replace(state, step=Step.QUANTITY), facts, *notes)
        if wish.item_ids and wish.quantity is not None:
            state, note = _put(state, LineRequest(wish.item_ids[0], wish.quantity))
            notes += [note] if note else []
        state = replace(state, wishes=state.wishes[1:])
    lines = [(line.quantity, found) for line in state.cart if (found := item_named(line.item_id, facts))]
    if not lines:
        return ask(replace(state, step=Step.ITEM), facts, *notes)
    return ask(replace(state, step=Step.MORE), facts, *notes, phrases.cart(lines))


def wishes_of(heard: Heard, facts: Facts) -> tuple[Wish, ...]:
    """The items that were keyed or named."""
    if heard.digits:
        return tuple(Wish((found.id,), None) for found in facts.menu if str(found.keypad) == heard.digits)
    return understanding.wishes_in(words_of(heard.speech), facts.menu)


def _put(state: DialogueState, line: LineRequest) -> tuple[DialogueState, str | None]:
    """The state with this line in its cart, or why not."""
    known = {kept.item_id: kept.quantity for kept in state.cart}
    if line.item_id not in known and len(known) >= MAX_LINES:
        return state, phrases.TOO_MANY_LINES
    total = known.get(line.item_id, 0) + line.quantity
    if total > MAX_QUANTITY:
        return state, phrases.NINETY_NINE
    known[line.item_id] = total
    cart = tuple(LineRequest(item_id, count) for item_id, count in known.items())
    return replace(state, cart=cart, agreed=None, last=line.item_id), None
