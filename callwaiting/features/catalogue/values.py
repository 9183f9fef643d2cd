"""What belongs to an item besides its name and price. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be chosen. `delta` comes on top of the item's price, or off it when it is negative."""

    id: UUID
    name: str
    aliases: tuple[str, ...]
    delta: Money
    available: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """A question about an item: from `min_choices` (0: none is needed) to `max_choices` of its options, in order."""

    id: UUID
    name: str
    min_choices: int
    max_choices: int
    options: tuple[Option, ...]
    version: int = 1

    def chosen(self, option_ids: tuple[UUID, ...]) -> tuple[Option, ...]:
        """Those of its options that are among `option_ids`, available or not, in the order of the menu."""
        return tuple(option for option in self.options if option.id in option_ids)
