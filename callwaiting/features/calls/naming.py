"""Which items, services and people are named, and what shall be different about the cart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from callwaiting.features.calls.counting import number_at, numbers_in
from callwaiting.features.calls.state import Wish
from callwaiting.features.calls.understanding import has
from callwaiting.features.calls.vocabulary import (
    LEAVING_OUT,
    MODIFIERS,
    NO,
    REMOVING,
    SEPARATORS,
    SETTING,
)
from callwaiting.features.catalogue.service import Item, Named, part_match, whole_match

OFFERING = frozenset({("do", "you", verb) for verb in ("do", "have", "offer", "sell", "serve", "make")})
GENERAL = frozenset({"services", "treatments", "things", "items", "dishes", "food"})


@dataclass(frozen=True, slots=True)
class Correction:
    """So many of an item of the cart, 0 for none; no item: of the one named last."""

    item_id: UUID | None
    quantity: int


def items_in(words: Sequence[str], menu: Sequence[Item]) -> list[Item]:
    """Every item that may be meant, in the order of the menu."""
    named = {item_id for wish in wishes_in(words, menu) for item_id in wish.item_ids}
    return [item for item in menu if item.id in named]


def named_in(words: Sequence[str], choice: Sequence[Named]) -> list[UUID]:
    """Everything that may be named somewhere in the words; more than one means that they do not decide."""
    whole = {
        each for start in range(len(words)) if (found := whole_match(choice, words, start)) for each in found.item_ids
    }
    named = whole or {
        each for start in range(len(words)) if (found := part_match(choice, words, start)) for each in found.item_ids
    }
    return [each.id for each in choice if each.id in named]


def each_named(words: Sequence[str], choice: Sequence[Named]) -> tuple[UUID, ...]:
    """Those that are named in full, in the order in which they are; none when a name may be of several."""
    found: list[UUID] = []
    position = 0
    while position < len(words):
        match = whole_match(choice, words, position)
        if match and len(match.item_ids) > 1:
            return ()
        found += match.item_ids if match else ()
        position += match.length if match else 1
    return tuple(dict.fromkeys(found))


def is_named(words: Sequence[str], choice: Sequence[Named]) -> bool:
    """Whether one of these is named in full."""
    return any(whole_match(choice, words, start) for start in range(len(words)))


def count_of(words: Sequence[str], choice: Sequence[Named]) -> int | None:
    """The number before one of these, or before a word of its name: `two pizzas`, but not `my hair at 11`."""
    for start in range(len(words)):
        number = number_at(words, start)
        behind = [start + number[1], start + number[1] + 1] if number else []
        if any(at < len(words) and (whole_match(choice, words, at) or part_match(choice, words, at)) for at in behind):
            return number[0] if number else None
    return None


def named_at(words: Sequence[str], start: int, choice: Sequence[Named]) -> tuple[UUID, ...]:
    """What is named from a place on."""
    found = whole_match(choice, words, start) or (part_match(choice, words, start) if start < len(words) else None)
    return found.item_ids if found else ()


def correction_in(words: Sequence[str], cart: Sequence[Item]) -> Correction | None:
    """What shall be different about what is in the cart: `remove the cola`, `make that two`, `no, two colas`.

    None when nothing of it is named, so that the words may still be an answer or another wish.
    """
    for phrase in REMOVING:
        for start in range(len(words) - len(phrase) + 1):
            if tuple(words[start : start + len(phrase)]) == phrase:
                rest = words[start + len(phrase) :]
                named = _last_item(rest, cart)
                if named is not None and not numbers_in(tuple(word for word in rest if word not in {"a", "an"})):
                    return Correction(named, 0)
    said = list(words[1:]) if words[:1] in (("no",), ("nope",)) else list(words)
    if said == list(words) and not any(has(words, phrase) for phrase in SETTING):
        return None
    numbers = {value for value, _ in numbers_in(tuple(word for word in said if word not in {"a", "an"}))}
    if len(numbers) != 1 or not 1 <= (number := numbers.pop()) <= 99:
        return None
    return Correction(_last_item(said, cart), number)


def changes_what_is_there(words: Sequence[str]) -> bool:
    """Whether what was named before shall be different: `make the margherita large`, but not `a large margherita`."""
    said = list(words[1:]) if words[:1] in (("no",), ("nope",)) else list(words)
    return said[:1] in (["make"], ["change"]) or any(
        has(said, (where, the)) for where in ("to", "on", "from", "off") for the in ("the", "that", "my")
    )


def wishes_in(words: Sequence[str], menu: Sequence[Item]) -> tuple[Wish, ...]:
    """The items named, with the quantities said before them (or, for the last, after it).

    Empty when none is named, and when the sentence denies something: `no cola` must not order one. Of several
    items, one without a number is one piece. `This or that` is one wish that does not decide.
    """
    if any(word in NO for word in words):
        return ()
    found: list[Wish] = []
    quantity: int | None = None
    after_item = modifier = False
    position = 0
    while position < len(words):
        match = whole_match(menu, words, position)
        number = None if match else number_at(words, position)
        if match is None and number is None and not modifier:
            match = part_match(menu, words, position)
            if match and after_item:  # "pizza" after "margherita" belongs to it
                position += match.length
                continue
        if match:
            found.append(Wish(match.item_ids, quantity))
            quantity, after_item = None, True
            position += match.length
        elif number:
            quantity, after_item, modifier = number[0], False, False
            position += number[1]
        else:
            separated = words[position] in SEPARATORS
            after_item = after_item and not separated
            modifier = words[position] in MODIFIERS or (modifier and not separated)
            position += 1
    if found and quantity is not None and found[-1].quantity is None:
        found[-1] = Wish(found[-1].item_ids, quantity)
    if "or" in words and len(found) > 1:
        return (Wish(tuple(dict.fromkeys(item_id for wish in found for item_id in wish.item_ids)), None),)
    if len(found) > 1:
        found = [Wish(wish.item_ids, 1 if wish.quantity is None else wish.quantity) for wish in found]
    return tuple(wish if wish.quantity in range(1, 100) else Wish(wish.item_ids, None) for wish in found)


def asks_what_there_is(words: Sequence[str], offered: Sequence[Named]) -> bool:
    """`What do you have`, `which pizzas do you have`; but not `what parking do you have`."""
    place = next((at for at in range(1, len(words)) if tuple(words[at : at + 3]) in OFFERING), None)
    if place is None or words[0] not in {"what", "which"} or len(words) > place + 3:
        return False
    kind = words[1:place]
    return not kind or bool(GENERAL & set(kind)) or bool(named_in(kind, offered))


def before_what_is_left_out(words: Sequence[str]) -> Sequence[str]:
    """`two large pizzas` of `two large pizzas without onions`; nothing where the sentence begins with a denial."""
    place = next((at for at, word in enumerate(words) if word in LEAVING_OUT), 0)
    return words[:place]


def _last_item(words: Sequence[str], cart: Sequence[Item]) -> UUID | None:
    """The one item of the cart that is named; None for none, or when the words do not decide."""
    for start in range(len(words)):
        match = whole_match(cart, words, start) or part_match(cart, words, start)
        if match:
            return match.item_ids[0] if len(match.item_ids) == 1 else None
    return None
