"""Which item is meant by these words? Exact names and aliases first, then a part of a name that only one item has.

Where several items fit equally well they are all returned: the caller is asked, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money
from callwaiting.features.catalogue.words import singular, words_of


@dataclass(frozen=True, slots=True)
class Item:
    """An item as the phone offers it. `keypad` is its digit in the phone menu, 1 to 9."""

    id: UUID
    name: str
    aliases: tuple[str, ...]
    price: Money
    keypad: int | None
    available: bool = True


# Words that name nothing by themselves, though names such as "mac and cheese" hold some of them.
FUNCTION_WORDS = frozenset({
    "a", "an", "and", "any", "are", "can", "could", "for", "from", "get", "give", "have", "how", "i", "id", "im",
    "in", "is", "it", "just", "like", "let", "lets", "make", "may", "me", "my", "need", "of", "on", "one", "or",
    "order", "please", "plus", "some", "take", "thank", "thanks", "that", "the", "then", "there", "this", "to",
    "two", "us", "want", "we", "with", "would", "you", "your",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Match:
    """`length` words were taken as one of `item_ids`; more than one means that the words do not decide."""

    length: int
    item_ids: tuple[UUID, ...]


def whole_match(menu: Sequence[Item], words: Sequence[str], start: int) -> Match | None:
    """The longest name or alias that stands at `start`, word for word but for plurals."""
    stems = tuple(singular(word) for word in words[start:])
    found = [(len(name), item.id) for item in menu for name in _names(item) if stems[: len(name)] == name]
    if not found:
        return None
    length = max(size for size, _ in found)
    return Match(length, tuple(dict.fromkeys(item_id for size, item_id in found if size == length)))


def part_match(menu: Sequence[Item], words: Sequence[str], start: int) -> Match | None:
    """The items that have the most words from `start` on in their names, in any order: `pizza pepperoni`."""
    bags = [(item.id, set().union(*_names(item))) for item in menu]
    length, telling, found = 0, False, tuple(item_id for item_id, _ in bags)
    for word in words[start:]:
        stem = singular(word)
        fitting = tuple(item_id for item_id, bag in bags if item_id in found and stem in bag)
        if not fitting:
            break
        length, found = length + 1, fitting
        telling = telling or (len(stem) > 2 and word not in FUNCTION_WORDS)
    return Match(length, found) if telling else None


def _names(item: Item) -> list[tuple[str, ...]]:
    """The item's name and aliases as stems; empty ones are left out."""
    phrases = (tuple(singular(word) for word in words_of(text)) for text in (item.name, *item.aliases))
    return [phrase for phrase in phrases if phrase]
