"""Options of items, as callers speak of them: `two large margheritas without onions`, `make it small`. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from uuid import UUID

from callwaiting.features.calls import order_phrases
from callwaiting.features.calls.state import Wish
from callwaiting.features.catalogue.service import Group, Item
from callwaiting.understanding import vocabulary as words
from callwaiting.understanding.items import order_in
from callwaiting.understanding.lexicon import lexicon_of
from callwaiting.understanding.text import read

LEFT_OUT = "removals"


@dataclass(frozen=True, slots=True)
class Said:
    """A line that was spoken of, in names of the menu. `item` None: the one spoken of last. `named` are options and
    ingredients that are wanted, `refused` those that are not."""

    item: str | None
    quantity: int | None
    named: tuple[str, ...]
    refused: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A wish with what was said about it, and sentences about what cannot be done."""

    wish: Wish
    notes: tuple[str, ...] = ()


def said_in(speech: str, menu: Sequence[Item]) -> tuple[Said, ...]:
    """The lines in a sentence; none when it speaks of no option and of nothing to leave out, or does not decide between
    items: then it is read as if nothing had options."""
    if not any(item.groups or item.removals for item in menu):
        return ()
    order = order_in(read(speech).plain, lexicon_of(_vocabulary(tuple(menu))))
    if order.unclear or not any(line.options or line.removed for line in order.items):
        return ()
    return tuple(
        Said(
            line.item,
            line.quantity,
            tuple(name for names in line.options.values() for name in names),
            tuple(line.removed),
        )
        for line in order.items
    )


def resolved(item: Item, wish: Wish, said: Said) -> Resolved:
    """The wish for this item with what was said about it. An option of a group that takes only one replaces it."""
    options, removed, notes = list(wish.options), list(wish.removed), []
    single = [group for group in item.groups if group.max_choices == 1]
    fresh = set()
    for name in said.named:
        found = next((option for group in item.groups for option in group.options if option.name == name), None)
        if found is not None:
            alone = next((group for group in single if found in group.options), None)
            if alone is not None:
                options = [each for each in options if each in fresh or not alone.chosen((each,))]
            if found.id not in options:
                options.append(found.id)
            fresh.add(found.id)
        elif name in removed:
            removed.remove(name)
        elif name in item.removals:
            notes.append(order_phrases.comes_with(item, name))
        else:
            notes.append(order_phrases.not_with(item, name))
    for name in said.refused:
        off = _removal(item, name)
        chosen = next((option for option in item.options(tuple(options)) if option.name == name), None)
        if chosen is not None:
            options.remove(chosen.id)
        elif off is None:
            notes.append(order_phrases.always_with(item, name))
        elif off not in removed:
            removed.append(off)
    return Resolved(replace(wish, options=tuple(options), removed=tuple(removed)), tuple(notes))


def said_of_all(speech: str, wish: Wish, menu: Sequence[Item]) -> Wish:
    """The wish for one of several items, with what was said of whichever it will be: `two large pizzas`."""
    able = [item for item in menu if item.id in wish.item_ids]
    if not any(item.groups or item.removals for item in able):
        return wish
    order = order_in(read(speech).plain, lexicon_of(_vocabulary(tuple(menu))))
    lines = [line for line in order.items if line.item is None or line.item in {item.name for item in able}]
    if len(order.items) != 1 or len(lines) != 1:
        return wish
    named = tuple(name for names in lines[0].options.values() for name in names)
    said = Said(None, None, named, tuple(lines[0].removed))
    each = [resolved(item, wish, said).wish for item in able]
    chosen = tuple(dict.fromkeys(option for found in each for option in found.options))
    return replace(wish, options=chosen, removed=tuple(dict.fromkeys(name for found in each for name in found.removed)))


def of_one(item: Item, wish: Wish) -> Wish:
    """The wish for this one of the items that were possible: what only the others have is dropped."""
    own = {option.id for group in item.groups for option in group.options}
    return replace(
        wish,
        item_ids=(item.id,),
        options=tuple(each for each in wish.options if each in own),
        removed=tuple(name for name in wish.removed if name in item.removals),
    )


def fitted(item: Item, wish: Wish) -> Resolved:
    """The wish without what cannot be had of this item now, and with the question about the group of which there is too
    much."""
    notes = []
    known = {option.id: option for option in item.options(wish.options)}
    gone = [option.name for option in known.values() if not option.available]
    if gone or len(known) < len(wish.options):
        notes.append(order_phrases.gone(gone))
    options = tuple(each for each in wish.options if each in known and known[each].available)
    removed = tuple(name for name in wish.removed if name in item.removals)
    asking = wish.asking
    for group in item.groups:
        if len(group.chosen(options)) > group.max_choices:
            notes.append(order_phrases.too_many_choices(item, group))
            options = tuple(each for each in options if not group.chosen((each,)))
            asking = group.id
            break
    return Resolved(replace(wish, options=options, removed=removed, asking=asking), tuple(notes))


def open_question(item: Item, wish: Wish) -> Group | None:
    """The group that has to be asked about before the wish can be put into the cart."""
    for group in item.groups:
        if group.id == wish.asking or len(group.chosen(wish.options)) < group.min_choices:
            return group
    return None


def impossible(item: Item) -> bool:
    """Whether so much of a needed group is sold out that the item cannot be ordered."""
    return any(sum(option.available for option in group.options) < group.min_choices for group in item.groups)


def _removal(item: Item, name: str) -> str | None:
    """What can be left out by this name, which may be a word as it was heard: `onion` of `onions`."""
    plain = name.lower().rstrip("s")
    return next((each for each in item.removals if each == name or each.lower().rstrip("s") == plain), None)


@lru_cache(maxsize=64)
def _vocabulary(menu: tuple[Item, ...]) -> words.Vocabulary:
    return words.Vocabulary(tuple(words.Item(item.name, item.aliases, _groups(item)) for item in menu))


def _groups(item: Item) -> tuple[words.Group, ...]:
    asked = tuple(
        words.Group(group.name, tuple(words.Choice(option.name, option.aliases) for option in group.options))
        for group in item.groups
    )
    removals = tuple(words.Choice(name) for name in item.removals)
    return (*asked, words.Group(LEFT_OUT, removals)) if removals else asked


def ids_of(name: str, menu: Sequence[Item]) -> tuple[UUID, ...]:
    """The items of this name: more than one where the menu does not tell them apart."""
    return tuple(item.id for item in menu if item.name == name)
