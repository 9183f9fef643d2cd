"""How the words of an order fall into chunks: one begins at a number or a determiner.

`two lattes | one with oat milk | and the other plain`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from callwaiting.understanding.lexicon import COMMON
from callwaiting.understanding.marks import LARGEST_QUANTITY, MEASURES, PORTIONS, Mark, Word
from callwaiting.understanding.word_lists import word_list

DETERMINERS = frozenset({"a", "an", "some", "another", "other", "rest", "1st", "2nd", "3rd", "both", "each", "all"})


PIECES = frozenset({"1st", "2nd", "3rd", "other", "another", "rest"})


NO_COUNT = frozenset(
    {"minutes", "minute", "o", "pm", "am", "%", "dollars", "changes", "things", "topping", "toppings", "inch", "inches",
     "liter", "litre",
     "liters", "litres", "ounce", "ounces", "oz"}
)  # fmt: skip


PLAIN = frozenset({"regular", "normal", "plain", "standard", "ordinary", "usual", "basic", "black"})


LEAVING_OUT = frozenset({"no", "without", "hold", "minus"})


NOT_LEFT_OUT = word_list("not_left_out")


NO_NOUNS = frozenset({"ones", "plus", "also", "then", "made", "instead", "only", "size", "sized", "each", "both"})


ONE = Word("1", "1")


@dataclass(slots=True)
class Chunk:
    """The words from one number or determiner to the next. `counted`: begun by a number or by `the other` and its
    like, not by an article. `piece`: by `a large`, of several that were
    named before. `plain`: it says `regular`. `left_out`: what it says `no` to, of words that the
    vocabulary does not know."""

    start: int
    quantity: int | None = None
    counted: bool = False
    piece: bool = False
    everything: bool = False
    plain: bool = False
    left_out: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)


def chunks_of(words: Sequence[Word], marks: Sequence[Mark]) -> list[Chunk]:
    """The chunks that say something of items."""
    starts = {mark.start: mark for mark in marks}
    inside = {position for mark in marks for position in range(mark.start, mark.end)}
    chunks = [Chunk(0)]
    for position, word in enumerate(words):
        if position in starts:
            chunks[-1].marks.append(starts[position])
        if position in inside:
            continue
        last = chunks[-1]
        if word.heard == "." and last.counted and not (last.marks or last.plain) and _counts_else(words, last):
            last.counted = False  # a number of something else
            chunks.append(Chunk(position))
        following = starts.get(position + 1)
        if (
            word.heard in PLAIN
            and not (following and following.item is None)
            and not is_noun(words, position + 1, inside)
        ):
            chunks[-1].plain = True
        if word.heard in LEAVING_OUT:
            chunks[-1].left_out += _left_out(words, position, inside)
        chunk = _begun(words, position, marks, chunks[-1])
        if chunk:
            chunks.append(chunk)
    return [chunk for chunk in chunks if chunk.marks or chunk.plain or chunk.counted or chunk.left_out]


def is_noun(words: Sequence[Word], position: int, inside: Collection[int]) -> bool:
    """Whether a word stands there that the vocabulary does not know and that names something: `black coffee`."""
    noun = words[position].heard if position < len(words) and position not in inside else ""
    return len(noun) > 3 and noun.isalpha() and noun not in COMMON | NO_NOUNS


def _left_out(words: Sequence[Word], position: int, inside: set[int]) -> list[str]:
    """The noun behind a `no` or `without`."""
    following = position + 1
    while following < len(words) and words[following].heard in ("the", "any"):
        following += 1
    if following >= len(words) or following in inside:
        return []
    noun = words[following].heard
    return [noun] if noun.isalpha() and noun not in NOT_LEFT_OUT else []


def _counts_else(words: Sequence[Word], chunk: Chunk) -> bool:
    """Whether the number of a chunk is followed by a noun that the vocabulary does not know: `two changes.`"""
    return chunk.start + 1 < len(words) and words[chunk.start + 1].heard.isalpha()


def _begun(words: Sequence[Word], position: int, marks: Sequence[Mark], last: Chunk) -> Chunk | None:
    """The chunk that begins with this word, if any."""
    heard = words[position].heard
    following = words[position + 1].heard if position + 1 < len(words) else ""
    if following in NO_COUNT or _measures_an_option(words, position, marks):
        return None
    if heard == "1" and last.counted and last.marks and _a_such_one(words, last.start, marks):
        return None
    if heard.isdigit() and 0 < int(heard) <= LARGEST_QUANTITY:
        return Chunk(position, int(heard), counted=True)
    if heard in ("both", "each", "everything") or (
        heard == "all" and (following in ("of", "with") or _option_follows(position, marks))
    ):
        return Chunk(position, everything=True)
    if heard in ("a", "an", "some") and _item_follows(words, position, marks):
        return Chunk(position, None if heard == "some" else 1)
    if heard in ("a", "an", "another") and _a_such_one(words, position, marks):
        return Chunk(position, 1, counted=True)
    if (
        heard in ("a", "an")
        and last.counted
        and (last.piece or (last.quantity or 1) > 1)
        and _a_such(words, position, marks)
    ):
        return Chunk(position, 1, counted=True, piece=True)
    if heard in PIECES and following != "thing":
        begun = last.counted and not last.marks and position - last.start <= 2  # `the one other`
        return None if begun else Chunk(position, 1, counted=True)
    return None


def _measures_an_option(words: Sequence[Word], position: int, marks: Sequence[Mark]) -> bool:
    """`two pumps of vanilla`, `a layer of foam`: the number counts no item; that of `two bags of chips` does."""
    following = [word.heard for word in words[position + 1 : position + 4]]
    of = following.index("of") if "of" in following[1:] else 0
    if not of:
        return following[:1] != [] and following[0] in MEASURES
    if any(position < mark.start <= position + of for mark in marks):
        return False
    place = position + 2 + of
    while place < len(words) and words[place].heard in ("the", "a"):
        place += 1
    mark = first = _mark_at(marks, place)
    while mark and mark.item is None:
        mark = _mark_at(marks, mark.end)
    return following[of - 1] in MEASURES - PORTIONS if mark or not first else True


def _mark_at(marks: Sequence[Mark], place: int) -> Mark | None:
    return next((mark for mark in marks if mark.start == place), None)


def _a_such(words: Sequence[Word], position: int, marks: Sequence[Mark]) -> bool:
    """`a large`, with nothing behind it that would be a large one."""
    place = position + 1
    while mark := next((each for each in marks if each.start == place and each.item is None), None):
        place = mark.end
    ends = place >= len(words) or words[place].heard in ("and", ",", ".", "please", "!", "?")
    return place > position + 1 and ends


def _a_such_one(words: Sequence[Word], position: int, marks: Sequence[Mark]) -> bool:
    """`a small one`: an article, options, and `one`."""
    place = position + 1
    while mark := next((each for each in marks if each.start == place and each.item is None), None):
        place = mark.end
    return (
        place > position + 1 and words[position].heard in ("a", "an", "another") and words[place : place + 1] == [ONE]
    )


def _option_follows(position: int, marks: Sequence[Mark]) -> bool:
    """Whether the next word is an option: `all large`."""
    return any(mark.start == position + 1 and mark.item is None for mark in marks)


def _item_follows(words: Sequence[Word], position: int, marks: Sequence[Mark]) -> bool:
    """Whether an article leads to an item, and not to `a pump of vanilla`."""
    item = next((mark.start for mark in marks if mark.item and mark.start > position), len(words))
    stop = next(
        (
            place
            for place in range(position + 1, item)
            if words[place].heard in DETERMINERS or words[place].heard.isdigit() or words[place].heard in (".", "with")
        ),
        len(words),
    )
    return item < stop
