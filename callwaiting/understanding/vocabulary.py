"""A merchant's words: items with their aliases, and the options that can be chosen for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of an option group: `Oat milk`."""

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """An option group: `milk`. Its name is what the result uses as key."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """What can be ordered or booked. `groups` are the options of this item alone."""

    name: str
    aliases: tuple[str, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything a merchant offers. `groups` are options that any item may have. Hashable: its index is made once."""

    items: tuple[Item, ...] = ()
    groups: tuple[Group, ...] = ()
