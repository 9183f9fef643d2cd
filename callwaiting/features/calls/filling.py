"""The part of the dialogue that fills the cart: what was wished, asked about until it is clear. Pure."""

from __future__ import annotations

from dataclasses import replace

from callwaiting.features.calls import naming, options, order_phrases, visiting, when
from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.prompts import Decision, ask, item_named
from callwaiting.features.calls.state import DialogueState, Step, Visit, Wish
from callwaiting.features.calls.vocabulary import INTENTS, Intent
from callwaiting.features.catalogue.service import words_of
from callwaiting.features.orders.service import MAX_LINES, MAX_QUANTITY, LineRequest


def settle(state: DialogueState, facts: Facts, *before: str) -> Decision:
    """Put the wishes into the cart, asking about the first that is not clear yet."""
    notes = list(before)
    on_menu = {found.id for found in facts.menu}
    while state.wishes:
        named = state.wishes[0].item_ids
        wish = replace(state.wishes[0], item_ids=tuple(item_id for item_id in named if item_id in on_menu))
        state = replace(state, wishes=(wish, *state.wishes[1:]))
        if len(wish.item_ids) > 1:
            return ask(replace(state, step=Step.CHOICE), facts, *notes)
        item = item_named(wish.item_ids[0], facts) if wish.item_ids else None
        if item is not None and options.impossible(item):
            notes.append(order_phrases.gone((item.name,)))
            item = None
        if item is not None:
            fitting = options.fitted(item, wish)
            notes, wish = [*notes, *fitting.notes], fitting.wish
            state = replace(state, wishes=(wish, *state.wishes[1:]))
            if options.open_question(item, wish) is not None:
                return ask(replace(state, step=Step.OPTION), facts, *notes)
        if item is not None and wish.quantity is None:
            return ask(replace(state, step=Step.QUANTITY), facts, *notes)
        if item is not None and wish.quantity is not None:
            state, note = _put(state, LineRequest(item.id, wish.quantity, wish.options, wish.removed))
            notes += [note] if note else []
        state = replace(state, wishes=state.wishes[1:])
    lines = [(line, found) for line in state.cart if (found := item_named(line.item_id, facts))]
    if not lines:
        return ask(replace(state, step=Step.ITEM), facts, *notes)
    return ask(replace(state, step=Step.MORE), facts, *notes, order_phrases.cart(lines))


def wishes_and_notes(heard: Heard, facts: Facts) -> tuple[tuple[Wish, ...], list[str]]:
    """The items that were keyed or named, with their options; and sentences about what cannot be done of it."""
    if heard.digits:
        return tuple(Wish((found.id,), None) for found in facts.menu if str(found.keypad) == heard.digits), []
    wishes: list[Wish] = []
    notes: list[str] = []
    for said in options.said_in(heard.speech, facts.menu):
        if said.item is None or said.quantity == 0:
            continue
        wish = Wish(options.ids_of(said.item, facts.menu), said.quantity if said.quantity in range(1, 100) else None)
        item = item_named(wish.item_ids[0], facts)
        if item is not None and len(wish.item_ids) == 1:
            found = options.resolved(item, wish, said)
            wish, notes = found.wish, [*notes, *found.notes]
        wishes.append(wish)
    if wishes:
        return tuple(wishes), notes
    words = words_of(heard.speech)
    found_plainly = naming.wishes_in(words, facts.menu)
    unclear = found_plainly or naming.wishes_in(naming.before_what_is_left_out(words), facts.menu)
    if len(unclear) == 1 and len(unclear[0].item_ids) > 1:
        return (options.said_of_all(heard.speech, unclear[0], facts.menu),), []
    return found_plainly, []


def and_later(state: DialogueState, heard: Heard, facts: Facts) -> tuple[DialogueState, tuple[str, ...]]:
    """`Two margheritas, and a table for four at seven`: the booking comes after the order."""
    words = set(words_of(heard.speech))
    if not state.takes_bookings or not {word for word, intent in INTENTS.items() if intent is Intent.BOOK} & words:
        return state, ()
    visit, wanted = visiting.named_in(Visit(), heard, facts), when.wanted_in(heard.speech, facts)
    return replace(state, later=True, visit=visit, wanted=wanted), (order_phrases.ONE_AFTER_THE_OTHER,)


def _put(state: DialogueState, line: LineRequest) -> tuple[DialogueState, str | None]:
    """The state with this line in its cart, or why not."""
    alike = next((kept for kept in state.cart if replace(kept, quantity=line.quantity) == line), None)
    if alike is None and len(state.cart) >= MAX_LINES:
        return state, order_phrases.TOO_MANY_LINES
    total = line.quantity + (alike.quantity if alike else 0)
    if total > MAX_QUANTITY:
        return state, order_phrases.NINETY_NINE
    grown = replace(line, quantity=total)
    cart = tuple(grown if kept is alike else kept for kept in state.cart) if alike else (*state.cart, line)
    return replace(state, cart=cart, agreed=None, last=line.item_id), None
