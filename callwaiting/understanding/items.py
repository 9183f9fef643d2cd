"""Items, quantities and options in an order: who wants what, how many, and how.

The words are cut into chunks at each number or determiner (`a`, `one`, `the other`). A chunk that names an item is a
line; a chunk of options alone speaks of pieces of the line before (`two lattes, one with oat milk`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from callwaiting.understanding.lexicon import Found, Lexicon, Meaning, normal
from callwaiting.understanding.result import ItemHeard

LARGEST_QUANTITY = 999
DETERMINERS = frozenset({"a", "an", "another", "other", "rest", "1st", "2nd", "3rd", "both", "each", "all", "some"})
MEASURES = frozenset(
    """shot shots pump pumps squirt squirts splash drizzle dash drop drops scoop scoops slice slices touch bit lot little
    spoon spoons packet packets bag bags side sprinkle""".split()
)
NEGATIONS = frozenset({"no", "without", "hold", "minus", "not", "except", "skip", "remove", "non", "never", "leave", "less"})
NEGATION_END = frozenset({"and", "but", "with", "add", "please", "plus", "instead", "then", "extra", "or"})
SEPARATORS = frozenset({"and", ",", ".", "plus", "also", "then", ";", "!", "?"})
ADDED = frozenset({"with", "extra", "add", "made", "has", "plus", "want", "have", "having", "in"})
TAKE_OFF = re.compile(r"\b(?:remove|cancel|delete|drop|take off|take out|scratch|forget|do not want|without) (?:the |my |that |any )?$")
PLAIN = frozenset({"regular", "normal", "plain", "standard", "ordinary", "usual", "basic", "black"})
NOT_LEFT_OUT = frozenset(
    """thank thanks problem worries one more i we you need rush hurry that the a an it is idea way matter longer other
    sorry actually just can could let for to at please sure yet now really""".split()
)


@dataclass(slots=True)
class Line:
    """A line while it is being read."""

    item: str | None
    quantity: int | None
    options: dict[str, dict[str, None]] = field(default_factory=dict)
    removed: dict[str, None] = field(default_factory=dict)
    pieces: list[Line] = field(default_factory=list)

    def key(self) -> tuple[object, ...]:
        options = tuple(sorted((group, tuple(values)) for group, values in self.options.items()))
        return self.item, options, tuple(self.removed)


@dataclass(frozen=True, slots=True)
class Order:
    """What was ordered. `unclear`: several items that one phrase may mean, or an open `this or that`."""

    items: tuple[ItemHeard, ...] = ()
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text, as heard and as the vocabulary knows it."""

    heard: str
    known: str


def order_in(plain: str, lexicon: Lexicon) -> Order:
    """The lines of an order in a plain text."""
    words = _words(plain, lexicon)
    marks = _marks(words, lexicon)
    if not marks:
        return Order()
    unclear = _alternatives(words, marks)
    if unclear:
        return Order(unclear=unclear)
    unclear = next((_items(mark.found) for mark in marks if len(_items(mark.found)) > 1), ())
    lines = _lines(words, [mark for mark in marks if len(_items(mark.found)) < 2])
    return Order(tuple(_heard(line) for line in lines), unclear)


@dataclass(frozen=True, slots=True)
class Mark:
    """A phrase of the vocabulary and where it stands."""

    start: int
    end: int
    found: Found
    negated: bool

    @property
    def item(self) -> str | None:
        return self.found.meanings[0].item


def _words(plain: str, lexicon: Lexicon) -> list[Word]:
    heard = re.findall(r"\d+(?:st|nd|rd|th)\b|[^\W_]+%?(?:'s)?|[,.;!?]", normal(plain))
    return [Word(word, lexicon.word(word) if word[0].isalnum() else word) for word in heard]


def _marks(words: list[Word], lexicon: Lexicon) -> list[Mark]:
    known = [word.known for word in words]
    marks: list[Mark] = []
    position = 0
    while position < len(words):
        found = lexicon.at(known, position)
        if found is None or (marks and not found.whole and marks[-1].end == position and _repeats(marks[-1], found)):
            position += 1
            continue
        marks.append(Mark(position, position + found.length, found, _negated(words, position)))
        position += found.length
    return marks


def _repeats(mark: Mark, found: Found) -> bool:
    """`pizza` after `margherita` belongs to it."""
    return mark.item is not None and any(meaning.item == mark.item for meaning in found.meanings)


def _negated(words: list[Word], start: int) -> bool:
    """Whether a `no` or `without` reaches this word: back to the next mark, conjunction or number."""
    for back in range(start - 1, max(start - 5, -1), -1):
        heard = words[back].heard
        if heard in NEGATIONS:
            return not (heard == "no" and back + 1 < len(words) and words[back + 1].heard in (",", "."))
        if heard in NEGATION_END or not heard[0].isalnum():
            return False
    return False


def _items(found: Found) -> tuple[str, ...]:
    return tuple(meaning.item for meaning in found.meanings if meaning.item is not None)


def _alternatives(words: list[Word], marks: list[Mark]) -> tuple[str, ...]:
    """The items of an undecided `this or that`."""
    items = [mark for mark in marks if mark.item]
    for first, second in zip(items, items[1:], strict=False):
        if any(word.heard == "or" for word in words[first.end : second.start]) and first.item != second.item:
            return (*_items(first.found), *_items(second.found))
    return ()


def _lines(words: list[Word], marks: list[Mark]) -> list[Line]:
    lines: list[Line] = []
    current: Line | None = None
    waiting: list[Mark] = []
    chunks = _chunks(words, marks)
    for number, chunk in enumerate(chunks):
        items = [mark for mark in chunk.marks if mark.item]
        if not items:
            current = _pieces(lines, current, chunk, waiting)
            continue
        for mark in chunk.marks:
            if mark.item is None:
                following = next((other for other in items if other.start > mark.start), None)
                if following and (current is None or mark is chunk.marks[0] or _leads_to(words, mark, following)):
                    waiting.append(mark)
                elif current is not None:
                    _apply(current, mark, words)
                continue
            if mark.negated:
                lines.append(Line(mark.item, 0))
                waiting.clear()
                continue
            again = next((line for line in lines if line.item == mark.item), None)
            if again and chunk.quantity is None and not waiting and again.quantity and mark is items[0]:
                current = again
                continue
            quantity = chunk.quantity if mark is items[0] else _after(words, mark, chunk)
            if again and mark is items[0] and quantity is not None and not chunk.quantity_is_article and number:
                whole = again.quantity or 1
                if whole > quantity and (_spoken_for(again) + quantity <= whole):
                    piece = Line(again.item, quantity)
                    again.pieces.append(piece)
                    current = piece
                    for each in waiting:
                        _apply(current, each, words)
                    waiting.clear()
                    continue
            current = Line(mark.item, quantity)
            lines.append(current)
            for each in waiting:
                _apply(current, each, words)
            waiting.clear()
    _left_out(words, marks, lines)
    return _settled(lines)


def _spoken_for(line: Line) -> int:
    return sum(piece.quantity or 1 for piece in line.pieces)


@dataclass(slots=True)
class Chunk:
    """The words from one number or determiner to the next."""

    start: int
    quantity: int | None = None
    quantity_is_article: bool = False
    everything: bool = False
    reference: bool = False
    plain: bool = False
    marks: list[Mark] = field(default_factory=list)


def _chunks(words: list[Word], marks: list[Mark]) -> list[Chunk]:
    inside = {position for mark in marks for position in range(mark.start, mark.end)}
    starts = {mark.start: mark for mark in marks}
    chunks = [Chunk(0)]
    for position, word in enumerate(words):
        if position in starts:
            chunks[-1].marks.append(starts[position])
        if position in inside:
            continue
        heard = word.heard
        last = chunks[-1]
        if heard == "." and last.reference and not (last.marks or last.plain):  # a number of something else
            last.reference = False
            chunks.append(Chunk(position))
        if heard in PLAIN and not any(mark.start == position + 1 and mark.item is None for mark in marks):
            chunks[-1].plain = True
        if heard.isdigit() and 0 < int(heard) <= LARGEST_QUANTITY:
            if _measured(words, position):
                continue
            chunks.append(Chunk(position, int(heard), reference=True))
        elif heard in DETERMINERS:
            _determined(chunks, words, position, marks)
    return [chunk for chunk in chunks if chunk.marks or chunk.plain or chunk.reference]


def _determined(chunks: list[Chunk], words: list[Word], position: int, marks: list[Mark]) -> None:
    heard = words[position].heard
    if heard in ("both", "each", "all"):
        if heard != "all" or words[position + 1 : position + 2] and words[position + 1].heard in ("of", "with"):
            chunks.append(Chunk(position, everything=True))
        return
    if heard in ("a", "an", "some"):
        following = [mark for mark in marks if mark.start > position]
        item = next((mark for mark in following if mark.item), None)
        until = next(
            (
                other
                for other in range(position + 1, len(words))
                if words[other].heard in DETERMINERS or words[other].heard.isdigit() or words[other].heard in (".", "with")
            ),
            len(words),
        )
        if item is not None and item.start < until and not _measured(words, position):
            chunks.append(Chunk(position, None if heard == "some" else 1, quantity_is_article=True))
        return
    following_word = words[position + 1].heard if position + 1 < len(words) else ""
    if heard in ("1st", "2nd", "3rd", "other", "another", "rest") and following_word not in ("thing",):
        if chunks[-1].reference and chunks[-1].quantity and not chunks[-1].marks and position - chunks[-1].start <= 2:
            return
        chunks.append(Chunk(position, 1, reference=True))


def _measured(words: list[Word], position: int) -> bool:
    """Whether a number counts shots, pumps or slices, or is no quantity at all."""
    after = [word.heard for word in words[position + 1 : position + 3]]
    return bool(after) and (after[0] in MEASURES or after[0] in ("minutes", "minute", "o", "pm", "am", "%", "dollars"))


def _leads_to(words: list[Word], mark: Mark, following: Mark) -> bool:
    """Whether an option stands before the next item rather than behind the last."""
    before = words[mark.start - 1].heard if mark.start else ""
    between = [word.heard for word in words[mark.end : following.start]]
    return before in SEPARATORS and not any(word in SEPARATORS or word in ADDED for word in between)


def _after(words: list[Word], mark: Mark, chunk: Chunk) -> int | None:
    return 1


def _pieces(lines: list[Line], current: Line | None, chunk: Chunk, waiting: list[Mark]) -> Line | None:
    """A chunk without an item: options of all, of some pieces, or of the line that is spoken of."""
    options = chunk.marks
    if not lines:
        if options and not chunk.reference:
            waiting.extend(options)
        elif options:
            waiting.extend(options)
        return current
    if chunk.everything or not chunk.reference:
        target = lines[-1] if chunk.everything or current is None else current
        for mark in options:
            _apply(target, mark, [])
        return target
    if not options and not chunk.plain:
        if lines[-1].pieces:
            return lines[-1].pieces[-1]
        return current
    owner = lines[-1]
    quantity = chunk.quantity or 1
    whole = owner.quantity or 1
    piece = Line(owner.item, quantity)
    for mark in options:
        _apply(piece, mark, [])
    if whole > 1 and _spoken_for(owner) + quantity <= whole:
        owner.pieces.append(piece)
    elif owner.pieces and _spoken_for(owner) >= whole:
        for mark in options:
            _apply(owner.pieces[-1], mark, [])
        return owner.pieces[-1]
    else:
        lines.append(piece)
    return piece


def _apply(line: Line, mark: Mark, words: list[Word]) -> None:
    """An option to a line; a group has one value unless it is one of extras."""
    meaning = next((each for each in mark.found.meanings if each.owner in (None, line.item)), None)
    if meaning is None or meaning.group is None or meaning.value is None:
        return
    if mark.negated:
        line.removed[meaning.value] = None
        line.options.get(meaning.group, {}).pop(meaning.value, None)
        return
    line.options.setdefault(meaning.group, {})[meaning.value] = None


def _left_out(words: list[Word], marks: list[Mark], lines: list[Line]) -> None:
    """`no onions`: what shall be left out, though no option names it."""
    if not lines:
        return
    inside = {position for mark in marks for position in range(mark.start, mark.end)}
    for position, word in enumerate(words[:-1]):
        if word.heard not in ("no", "without", "hold", "minus") or position in inside:
            continue
        following = position + 1
        while following < len(words) and words[following].heard in ("the", "any"):
            following += 1
        if following >= len(words) or following in inside or not words[following].heard.isalpha():
            continue
        if words[following].heard in NOT_LEFT_OUT or words[following].heard in SEPARATORS:
            continue
        before = [line for line, at in _placed(lines, marks) if at <= position]
        (before[-1] if before else lines[-1]).removed[words[following].heard] = None


def _placed(lines: list[Line], marks: list[Mark]) -> list[tuple[Line, int]]:
    return [(line, next((mark.start for mark in marks if mark.item == line.item), 0)) for line in lines]


def _settled(lines: list[Line]) -> list[Line]:
    """Pieces become lines of their own; lines that are alike become one."""
    flat: list[Line] = []
    for line in lines:
        if not line.pieces or all(not piece.options and not piece.removed for piece in line.pieces):
            flat.append(line)
            continue
        for piece in line.pieces:
            for group, values in line.options.items():
                piece.options.setdefault(group, dict(values))
            flat.append(piece)
        left = (line.quantity or 1) - _spoken_for(line)
        if left > 0:
            flat.append(Line(line.item, left, line.options, line.removed))
    merged: list[Line] = []
    for line in flat:
        same = next((each for each in merged if each.key() == line.key()), None)
        if same is None or not same.quantity or not line.quantity:
            merged.append(line)
        else:
            same.quantity += line.quantity
    return merged


def _heard(line: Line) -> ItemHeard:
    options = {group: tuple(values) for group, values in line.options.items() if values}
    return ItemHeard(line.item, line.quantity, options, tuple(line.removed))


__all__ = ["LARGEST_QUANTITY", "Meaning", "Order", "order_in"]
