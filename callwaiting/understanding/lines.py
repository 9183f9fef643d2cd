"""The lines of an order while it is read: pieces of a line, and lines that are alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from callwaiting.understanding.marks import LARGEST_QUANTITY, Mark
from callwaiting.understanding.result import ItemHeard

JOINING = frozenset({"and", "plus", "also", "then"})


@dataclass(slots=True)
class Line:
    """A line while it is being read. `pieces` are parts of it with options of their own."""

    item: str | None
    quantity: int | None
    plural: bool = False
    options: dict[str, dict[str, None]] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)
    pieces: list[Line] = field(default_factory=list)

    @property
    def spoken_for(self) -> int:
        """How many of it the pieces make up."""
        return sum(piece.quantity or 1 for piece in self.pieces)

    def holds(self, quantity: int, before: str) -> bool:
        """Whether so many, named by their own name again, are pieces of this line: `two lattes, one latte with oat
        milk` – but not `two lattes and one latte with oat milk`, nor `two large lattes, one small latte`."""
        another = bool(self.options) or before in JOINING or quantity == self.quantity
        return self.has_room_for(quantity) and (bool(self.pieces) or not another)

    def has_room_for(self, quantity: int) -> bool:
        """Whether so many more can be pieces of this line."""
        whole = self.quantity or 1
        return whole > 1 and self.spoken_for + quantity <= whole

    def apply(self, marks: Sequence[Mark]) -> None:
        """Options to this line."""
        for mark in marks:
            meaning = next((each for each in mark.found.meanings if each.owner in (None, self.item)), None)
            if self.item is None:
                meaning = mark.found.meanings[0]
            if meaning is None or meaning.group is None or meaning.value is None:
                continue
            if mark.negated or mark.replaced:
                if mark.replaced:
                    said = self.options.get(meaning.group, {})
                    if self.item is None and meaning.value not in said:
                        self.removed[meaning.value] = None  # of the line that was spoken of before
                    said.pop(meaning.value, None)
                    continue
                self.removed[meaning.value] = None
                self.options.get(meaning.group, {}).pop(meaning.value, None)
            else:
                if mark.corrects and len(self.options.get(meaning.group, ())) < 2:  # of several, none is replaced
                    self.options.pop(meaning.group, None)
                self.options.setdefault(meaning.group, {})[meaning.value] = None


def without_sum(lines: list[Line], first: Mark) -> list[Line]:
    """`Three coffees: a latte, a mocha and an espresso`: the first says of what kind and how many the others are."""
    rest = lines[1:]
    announces = lines and first.item == lines[0].item and not first.found.whole and not lines[0].options
    if announces and len(rest) > 1 and lines[0].quantity == sum(line.quantity or 1 for line in rest):
        return rest
    return lines


def settle(lines: Sequence[Line]) -> list[Line]:
    """Pieces become lines of their own; lines that are alike become one."""
    flat: list[Line] = []
    for line in lines:
        if all(not piece.options and not piece.removed for piece in line.pieces):
            flat.append(line)
            continue
        for piece in line.pieces:
            piece.options = {**{group: dict(values) for group, values in line.options.items()}, **piece.options}
            flat.append(piece)
        left = (line.quantity or 1) - line.spoken_for
        if left > 0:
            flat.append(Line(line.item, left, options=line.options, removed=line.removed))
    merged: list[Line] = []
    for line in flat:
        same = next((each for each in merged if _key(each) == _key(line) and each.quantity and line.quantity), None)
        if same is None:
            merged.append(line)
        else:
            same.quantity = min((same.quantity or 1) + (line.quantity or 1), LARGEST_QUANTITY)
    return merged


def _key(line: Line) -> tuple[object, ...]:
    options = sorted((group, tuple(values)) for group, values in line.options.items())
    return line.item, tuple(options), tuple(line.removed)


def heard(line: Line) -> ItemHeard:
    options = {group: tuple(values) for group, values in line.options.items() if values}
    one = line.item is not None and line.quantity is None and not line.plural
    return ItemHeard(line.item, 1 if one else line.quantity, options, tuple(line.removed))
