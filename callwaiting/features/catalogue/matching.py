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


@dataclass(frozen=True, slots=True)
class Match:
    """`length` words were taken as one of `item_ids`; more than one means that the words do not decide."""

    length: int
    item_ids: tuple[UUID, ...]


def longest_match(menu: Sequence[Item], words: Sequence[str], start: int) -> Match | None:
    """The longest run of words from `start` that names an item, or else that is part of names. None: no item."""
    stems = tuple(singular(word) for word in words[start:])
    names = [(item.id, name) for item in menu for name in spoken_names(item)]
    whole = [(len(name), item_id) for item_id, name in names if stems[: len(name)] == name]
    if whole:
        return _longest(whole)
    parts = [(length, item_id) for item_id, name in names if (length := _part(name, stems))]
    return _longest(parts) if parts else None


def spoken_names(item: Item) -> list[tuple[str, ...]]:
    """The item's name and aliases as stems; empty ones are left out."""
    phrases = (tuple(singular(word) for word in words_of(text)) for text in (item.name, *item.aliases))
    return [phrase for phrase in phrases if phrase]


def _longest(found: list[tuple[int, UUID]]) -> Match:
    length = max(length for length, _ in found)
    return Match(length, tuple(dict.fromkeys(item_id for size, item_id in found if size == length)))


def _part(name: tuple[str, ...], stems: tuple[str, ...]) -> int:
    """How many of the first stems stand in `name` in a row. Words of one or two letters do not name anything."""
    best = 0
    for begin in range(len(name)):
        length = 0
        while length < len(stems) and begin + length < len(name) and stems[length] == name[begin + length]:
            length += 1
        if any(len(stem) > 2 for stem in stems[:length]):
            best = max(best, length)
    return best
