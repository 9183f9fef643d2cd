"""The part of the dialogue that changes what is in the cart: `make that two`, `make it small`, `no onions`. Pure."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from callwaiting.features.calls import naming, options, order_phrases, understanding
from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.filling import settle
from callwaiting.features.calls.options import Resolved, Said
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.prompts import Decision, ask, item_named
from callwaiting.features.calls.state import DialogueState, Step, Wish
from callwaiting.features.catalogue.service import words_of
from callwaiting.features.orders.service import MAX_QUANTITY, LineRequest


def correct(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """`Make that two`, `remove the cola`: the cart as it shall be, read out or read back anew. None for no
    correction."""
    in_cart = [found for line in state.cart if (found := item_named(line.item_id, facts))]
    if heard.digits or not in_cart:
        return None
    if changed := _with_other_options(state, heard, facts):
        return changed
    correction = naming.correction_in(words_of(heard.speech), in_cart)
    if correction is None:
        return None
    others = [item for item in facts.menu if item not in in_cart]
    if correction.item_id is None and naming.named_in(words_of(heard.speech), others):
        return None  # `make it three colas`, where there is none yet
    item_id = correction.item_id or state.last or in_cart[-1].id
    place = _place_of(item_id, state)
    cart = tuple(
        replace(line, quantity=correction.quantity) if at == place else line
        for at, line in enumerate(state.cart)
        if at != place or correction.quantity
    )
    corrected = replace(state, cart=cart, agreed=None, last=item_id, wishes=())
    if not cart:
        return ask(replace(corrected, step=Step.ITEM, last=None), facts, order_phrases.EMPTY_CART)
    if state.step in {Step.CONFIRM, Step.FIX}:
        return ask(replace(corrected, step=Step.CONFIRM), facts)
    return settle(corrected, facts)


def _with_other_options(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """`Make it small`, `no onions`, `make the margherita large`: the line that is meant, put in anew. None for nothing
    of the kind."""
    words, said = words_of(heard.speech), options.said_in(heard.speech, facts.menu)
    if len(said) != 1 or said[0].quantity == 0 or understanding.asks_after(words):
        return None
    if said[0].item is not None and not naming.changes_what_is_there(words):
        return None
    in_cart = [each for line in state.cart if (each := item_named(line.item_id, facts))]
    count = naming.correction_in(words, in_cart)
    found = _changed_line(state, replace(said[0], quantity=count.quantity if count else None), facts)
    if found is None:
        return None
    place, changed = found
    if changed.notes:  # nothing of the cart takes it
        if count is not None:
            return None
        return ask(state, facts, *changed.notes)
    put = settle(_with_changed(state, place, changed.wish, facts), facts)
    if put.state.step is Step.MORE and state.step in {Step.CONFIRM, Step.FIX}:
        return ask(replace(put.state, step=Step.CONFIRM), facts)
    return put


def _with_changed(state: DialogueState, place: int, wish: Wish, facts: Facts) -> DialogueState:
    """The line in its place, when all about it is clear and no other is like it; else wished anew."""
    rest = tuple(line for at, line in enumerate(state.cart) if at != place)
    line = LineRequest(wish.item_ids[0], wish.quantity or 1, wish.options, wish.removed)
    item = item_named(line.item_id, facts)
    alike = any(replace(other, quantity=line.quantity) == line for other in rest)
    if item is None or alike or options.fitted(item, wish).wish != wish or options.open_question(item, wish):
        return replace(state, cart=rest, wishes=(wish,), agreed=None)
    return replace(state, cart=(*rest[:place], line, *rest[place:]), wishes=(), agreed=None, last=line.item_id)


def _changed_line(state: DialogueState, said: Said, facts: Facts) -> tuple[int, Resolved] | None:
    """The place of the line that is meant, and what becomes of it: the last one that takes all that was said, or else
    the one that was spoken of last."""
    tried: list[tuple[int, Resolved]] = []
    order = sorted(range(len(state.cart)), key=lambda at: (state.cart[at].item_id == state.last, at), reverse=True)
    for place in order:
        line = state.cart[place]
        item = item_named(line.item_id, facts)
        if item is not None and said.item in (None, item.name):
            # `make the margherita large` counts nothing, `make it two large` does.
            counts = said.item is None and said.quantity in range(1, MAX_QUANTITY + 1)
            wish = Wish((item.id,), said.quantity if counts else line.quantity, line.options, line.removed)
            tried.append((place, options.resolved(item, wish, said)))
    return next((found for found in tried if not found[1].notes), tried[0] if tried else None)


def _place_of(item_id: UUID, state: DialogueState) -> int:
    """Which line of the cart is meant: the last one of this item."""
    return max((place for place, line in enumerate(state.cart) if line.item_id == item_id), default=-1)
