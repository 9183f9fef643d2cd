"""Which item is meant by these words? Exact names and aliases first, then a part of a name that only one item has.

Where several items fit equally well they are all returned: the caller is asked, nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from callwaiting.core.money import Money
from callwaiting.features.catalogue.values import Group, Option
from callwaiting.features.catalogue.words import singular, words_of
from callwaiting.features.merchants.service import Rate


class Named(Protocol):
    """Whatever callers call by a name: an item, a service, a person."""

    @property
    def id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def aliases(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Item:
    """An item as the phone offers it. `keypad` is its digit in the phone menu, 1 to 9. `removals` may be left out of
    it; `tax_rate` is None where the business's default holds."""

    id: UUID
    name: str
    aliases: tuple[str, ...]
    price: Money
    keypad: int | None
    available: bool = True
    version: int = 1
    groups: tuple[Group, ...] = ()
    removals: tuple[str, ...] = ()
    tax_rate: Rate | None = None

    def options(self, option_ids: tuple[UUID, ...]) -> tuple[Option, ...]:
        """What is chosen of this item's options, group by group in the order of the menu."""
        return tuple(option for group in self.groups for option in group.chosen(option_ids))


JOINT = "and"  # `fish & chips` is said with it, and a list is joined by it
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


def whole_match(menu: Sequence[Named], words: Sequence[str], start: int) -> Match | None:
    """The longest name or alias that stands at `start`, word for word but for plurals and `and`."""
    found = [(length, item.id) for item in menu for name in _names(item) if (length := _length(name, words, start))]
    if not found:
        return None
    longest = max(length for length, _ in found)
    return Match(longest, tuple(dict.fromkeys(item_id for length, item_id in found if length == longest)))


def part_match(menu: Sequence[Named], words: Sequence[str], start: int) -> Match | None:
    """The items that have the most words from `start` on in their names, in any order: `pizza pepperoni`."""
    bags = {item.id: frozenset().union(*_names(item)) for item in menu}
    fitting, end, telling, position = tuple(bags), start, False, start
    while position < len(words):
        word = words[position]
        if word != JOINT or position == start:
            remaining = tuple(item_id for item_id in fitting if singular(word) in bags[item_id])
            if not remaining:
                break
            fitting, end = remaining, position + 1
            telling = telling or (len(word) > 2 and word not in FUNCTION_WORDS)
        position += 1
    return Match(end - start, fitting) if telling else None


def _length(name: tuple[str, ...], words: Sequence[str], start: int) -> int:
    """How many words from `start` on make up the whole name; 0 when they do not. Two words may be heard as one, and one
    as two: `checkup`, `hair cut`."""
    position, place = start, 0
    while place < len(name):
        while position > start and position < len(words) and words[position] == JOINT:
            position += 1
        said = words[position : position + 2]
        if said and singular(said[0]) == name[place]:
            position, place = position + 1, place + 1
        elif said and singular(said[0]) == "".join(name[place : place + 2]):
            position, place = position + 1, place + 2
        elif len(said) == 2 and singular("".join(said)) == name[place]:
            position, place = position + 2, place + 1
        else:
            return 0
    return position - start


def _names(item: Named) -> list[tuple[str, ...]]:
    """The item's name and aliases as stems, without `and`; empty ones are left out."""
    texts = (item.name, *item.aliases)
    phrases = (tuple(singular(word) for word in words_of(text) if word != JOINT) for text in texts)
    return [phrase for phrase in phrases if phrase]
