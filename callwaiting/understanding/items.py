"""Items, quantities and options in an order: how many of what, and how.

A chunk that names an item is a line; a chunk of options alone speaks of pieces of the line before (`two lattes, one
with oat milk`). Options before an item belong to it, behind it too, until the next item.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from callwaiting.understanding.chunks import Chunk, chunks_of, is_noun
from callwaiting.understanding.lexicon import Lexicon
from callwaiting.understanding.lines import Line, heard, settle, without_sum
from callwaiting.understanding.marks import MEASURES, Mark, Word, marks_in, takes_back, words_in
from callwaiting.understanding.result import ItemHeard

SEPARATORS = frozenset({"and", ",", ".", "plus", "also", "then", ";", "!", "?"})
ADDING = frozenset({"with", "extra", "add", "made", "has", "plus", "want", "have", "having", "in"})
MAKE_IT = re.compile(r"\bmake (?:it|that|them) (\d{1,3})\b(?! ?(?:pm|am|:|o'? ?clock))")


@dataclass(frozen=True, slots=True)
class Order:
    """What was ordered. `unclear`: items that one phrase may mean, or an undecided `this or that`. `uncounted`: an item
    was named in the plural without a number."""

    items: tuple[ItemHeard, ...] = ()
    unclear: tuple[str, ...] = ()
    uncounted: bool = False


def order_in(plain: str, lexicon: Lexicon) -> Order:
    """The lines of an order in a plain text."""
    words = words_in(plain, lexicon)
    marks = marks_in(words, lexicon)
    if not marks:
        made = MAKE_IT.search(plain)
        return Order((ItemHeard(None, int(made[1])),)) if made else Order()
    unclear = _alternatives(words, marks)
    if unclear:
        return Order(unclear=unclear)
    unclear = next((mark.items for mark in marks if len(mark.items) > 1), ())
    reader = _Reader(words)
    for chunk in chunks_of(words, [mark for mark in marks if len(mark.items) < 2]):
        reader.read(chunk)
    settled = settle(without_sum(reader.finished(), marks[0]))
    made = MAKE_IT.search(plain)
    if made and settled and plain.rfind(made[0]) > plain.find(words[marks[0].start].heard) and _is_last(made, plain):
        settled[-1].quantity = int(made[1])
    uncounted = any(line.item and line.quantity is None and line.plural for line in settled)
    return Order(tuple(heard(line) for line in settled), unclear, uncounted)


def _is_last(made: re.Match[str], plain: str) -> bool:
    """Whether `make it three` says how many, and not of what: `make it two large ones` speaks of pieces."""
    return (
        re.fullmatch(r"[ .!?]*(?:please|thanks|thank you|then|instead|of them|[ .,!?])*", plain[made.end() :])
        is not None
    )


class _Reader:
    """Reads chunk after chunk; `waiting` are options whose item has not been named yet, `pieces` such options with a
    number of their own: `one small and one large latte`."""

    def __init__(self, words: Sequence[Word]) -> None:
        self._words = words
        self._pieces: list[tuple[int, list[Mark]]] = []
        self._lines: list[Line] = []
        self._current: Line | None = None
        self._waiting: list[Mark] = []
        self._end = 0  # of what was read last

    def read(self, chunk: Chunk) -> None:
        """Take in a chunk."""
        items = [mark for mark in chunk.marks if mark.item]
        if self._lines and chunk.counted and self._words[chunk.start - 1].heard == "times":  # `latte x 2`
            self._lines[-1].quantity, chunk.quantity, chunk.counted = chunk.quantity, None, False
        if not items:
            self._options_alone(chunk)
            self._end = max(self._end, *(mark.end for mark in chunk.marks), chunk.start + 1)
            return
        led: Mark | None = None
        for mark in chunk.marks:
            if mark.item is None:
                following = next((item for item in items if item.start > mark.start), None)
                leads = mark is chunk.marks[0] or (following is not None and self._leads(mark, following))
                leads = leads or (led is not None and led.end == mark.start)  # `a hot vanilla latte`
                leads = leads or (following is not None and self._goes_into(mark, following))
                if following and self._current and mark.fits(following.item) != mark.fits(self._current.item):
                    leads = mark.fits(following.item)
                led = mark if leads and following else None
                if following and (self._current is None or leads):
                    self._waiting.append(mark)
                elif self._current is not None:
                    self._current.apply([mark])
                self._end = self._end if mark in self._waiting else mark.end
            else:
                self._item(chunk, mark, is_first=mark is items[0])
        if self._current is not None:
            self._current.removed.update(dict.fromkeys(chunk.left_out))

    def finished(self) -> list[Line]:
        """The lines; options that found no item speak of the line that was spoken of last."""
        self._waiting += [each for _, marks in self._pieces for each in marks]
        if self._waiting and not self._lines:
            self._open(Line(None, None))
        return self._lines

    def _open(self, line: Line, *, piece_of: Line | None = None) -> None:
        (self._lines if piece_of is None else piece_of.pieces).append(line)
        line.apply(self._waiting)
        self._waiting.clear()
        self._current = line

    def _item(self, chunk: Chunk, mark: Mark, *, is_first: bool) -> None:
        said_before = next((line for line in self._lines if line.item == mark.item and line.quantity != 0), None)
        self._end, end = mark.end, self._end
        if mark.negated:
            if said_before:
                self._lines.remove(said_before)
            else:
                self._lines.append(Line(mark.item, 0))
            self._waiting.clear()
            return
        quantity = chunk.quantity if is_first else None
        first = min((each.start for each in self._waiting), default=mark.start)
        if self._lines and takes_back(self._words, end, first):
            last = self._lines[-1]
            if last.item == mark.item:
                last.quantity = quantity or last.quantity
                self._say_more(last)
                return
            self._lines.pop()
            self._open(Line(mark.item, quantity or (last.quantity if mark.plural else None), mark.plural))
            return
        if said_before and self._words[mark.start - 1].heard == "the":  # `the mocha with soy milk`
            self._say_more(said_before)
            return
        if self._pieces and is_first and chunk.counted:
            waiting, self._waiting = self._waiting, []
            for number, marks in self._pieces:
                self._open(Line(mark.item, number))
                self._lines[-1].apply(marks)
            self._pieces.clear()
            self._waiting = waiting
            self._open(Line(mark.item, quantity, mark.plural))
            return
        self._waiting[:0] = [each for _, marks in self._pieces for each in marks]
        self._pieces.clear()
        if said_before and is_first and quantity is None and not self._waiting:
            self._current = said_before
        elif said_before and is_first and chunk.counted and said_before.holds(quantity or 1, self._before(chunk)):
            self._open(Line(mark.item, quantity), piece_of=said_before)
        else:
            self._open(Line(mark.item, quantity, mark.plural))

    def _before(self, chunk: Chunk) -> str:
        return self._words[chunk.start - 1].heard if chunk.start else ""

    def _names_something_else(self, chunk: Chunk) -> bool:
        """`one iced coffee`, where the menu has no coffee."""
        return is_noun(self._words, chunk.marks[-1].end, ())

    def _say_more(self, line: Line) -> None:
        """Of a line that was spoken of before."""
        line.apply(self._waiting)
        self._waiting.clear()
        self._current = line

    def _goes_into(self, mark: Mark, following: Mark) -> bool:
        """`oat milk in the latte`."""
        between = [word.heard for word in self._words[mark.end : following.start]]
        return (
            len(between) in (1, 2) and between[0] in ("in", "on", "into", "to") and between[1:] in ([], ["the"], ["my"])
        )

    def _leads(self, mark: Mark, following: Mark) -> bool:
        """Whether an option stands before the next item rather than behind the last."""
        before = self._words[mark.start - 1].heard if mark.start else ""
        between = {word.heard for word in self._words[mark.end : following.start]}
        return (before in SEPARATORS or (not between and before not in ADDING)) and not between & (SEPARATORS | ADDING)

    def _options_alone(self, chunk: Chunk) -> None:
        """Options of everything, of some pieces, or of the line that is spoken of; or a number behind its item."""
        if not self._lines:
            if chunk.counted and chunk.quantity and chunk.marks and not self._waiting:
                if not self._names_something_else(chunk):
                    self._pieces.append((chunk.quantity, list(chunk.marks)))
            else:
                self._waiting.extend(chunk.marks)
            return
        owner = self._lines[-1]
        everything = chunk.everything and self._words[chunk.start].heard in ("all", "everything")
        corrected = takes_back(self._words, self._end, chunk.start)
        if chunk.everything and len(self._lines) > 1 and (everything or (owner.quantity or 1) == 1):  # `both iced`
            for line in self._lines:
                line.apply(chunk.marks)
        elif _measures(self._words, chunk):  # `with two sugars`
            (self._current or owner).apply(chunk.marks)
        elif chunk.everything or not chunk.counted:
            self._current = owner if chunk.everything or self._current is None else self._current
            self._current.apply(chunk.marks)
            self._current.removed.update(dict.fromkeys(chunk.left_out))
        elif not (chunk.marks or chunk.plain or chunk.left_out):
            if corrected or (owner.quantity is None and owner.plural):
                owner.quantity = chunk.quantity
        elif corrected and chunk.marks:  # `sorry, a large one`
            (self._current or owner).apply(chunk.marks)
        elif owner.pieces and not owner.has_room_for(chunk.quantity or 1):
            self._current = owner.pieces[-1]
            self._current.apply(chunk.marks)
        else:
            piece = Line(owner.item, chunk.quantity or 1)
            piece.apply(chunk.marks)
            piece.removed.update(dict.fromkeys(chunk.left_out))
            self._open(piece, piece_of=owner if owner.has_room_for(chunk.quantity or 1) else None)


def _measures(words: Sequence[Word], chunk: Chunk) -> bool:
    """Whether the number of a chunk counts its option and no pieces: `with two sugars`, `add 3 pumps`."""
    if not chunk.counted or not chunk.marks or chunk.start >= len(words) or not words[chunk.start].heard.isdigit():
        return False
    mark, before = chunk.marks[0], words[chunk.start - 1].heard if chunk.start else ""
    measured = mark.plural or any(word.heard in MEASURES for word in words[mark.start : mark.end])
    return mark.start == chunk.start + 1 and (measured or before in ("with", "add", "plus"))


def _alternatives(words: Sequence[Word], marks: Sequence[Mark]) -> tuple[str, ...]:
    """The items of an undecided `this or that`."""
    for first, second in pairwise([mark for mark in marks if mark.item]):
        undecided = any(word.heard == "or" for word in words[first.end : second.start])
        if undecided and first.item != second.item:
            return (*first.items, *second.items)
    return ()
