"""Where in a text the phrases of a vocabulary stand, which of them are denied, and how the words fall into chunks.

A chunk begins at a number or a determiner: `two lattes | one with oat milk | and the other plain`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from callwaiting.understanding.lexicon import COMMON, Found, Lexicon, normal
from callwaiting.understanding.word_lists import word_list

LARGEST_QUANTITY = 999
DETERMINERS = frozenset({"a", "an", "some", "another", "other", "rest", "1st", "2nd", "3rd", "both", "each", "all"})
PIECES = frozenset({"1st", "2nd", "3rd", "other", "another", "rest"})
MEASURES = word_list("measures")
PORTIONS = frozenset({"side", "sides", "bag", "bags", "slice", "slices", "scoop", "scoops"})  # of an item of its own
NO_COUNT = frozenset(
    {"minutes", "minute", "o", "pm", "am", "%", "dollars", "topping", "toppings", "inch", "inches", "liter", "litre",
     "liters", "litres", "ounce", "ounces", "oz"}
)  # fmt: skip
NEGATIONS = frozenset(
    {"no", "without", "hold", "minus", "not", "except", "skip", "remove", "never", "leave", "less", "delete", "off",
     "cancel", "scratch", "ditch", "forget", "lose", "avoid", "omit", "drop"}
)  # fmt: skip
# Behind these a denial does not reach: `no cinnamon on the latte`.
NEGATION_ENDS = frozenset(
    {"and", "but", "with", "add", "please", "plus", "instead", "then", "extra", "or", "on", "in", "for", "inside"}
)
PLAIN = frozenset({"regular", "normal", "plain", "standard", "ordinary", "usual", "basic", "black"})
LEAVING_OUT = frozenset({"no", "without", "hold", "minus"})
NOT_LEFT_OUT = word_list("not_left_out")
CORRECTIONS = frozenset({"actually", "rather", "meant", "mean", "change", "make"})
TAKEN_BACK = frozenset({"no", "nope", "sorry", "wait", "oops"})  # with a comma: `small, no, large`
TAKING_BACK = re.compile(
    r"(?:[,.;!?] )*(?:oh |well |or )?"
    r"(?:no|nope|sorry|wait|oops|actually|scratch that|i mean|i meant|correction|rather)"
    r"(?: (?:no|sorry|wait|actually|rather|i|we|meant|mean|make|change|it|that|them|to|be|"
    r"lets|say|just|instead|[,.!]))*"
    r"(?: (?:a|an|the|\d{1,3}))?"
)
EXCHANGES = frozenset({"swap", "switch", "replace", "change", "substitute", "exchange", "sub", "trade"})
NO_NOUNS = frozenset({"ones", "plus", "also", "then", "made", "instead", "only", "size", "sized", "each", "both"})
REACH = 5  # how many words a negation reaches


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text, as heard and as the vocabulary knows it."""

    heard: str
    known: str


ONE = Word("1", "1")


@dataclass(frozen=True, slots=True)
class Mark:
    """A phrase of the vocabulary and where it stands. `plural`: several were meant, without a number in it. `corrects`:
    it takes the place of what was said before; `replaced`: something else is wanted instead of it."""

    start: int
    end: int
    found: Found
    negated: bool
    plural: bool
    corrects: bool = False
    replaced: bool = False

    @property
    def item(self) -> str | None:
        """The item it names, or None for an option."""
        return self.found.meanings[0].item

    def fits(self, item: str | None) -> bool:
        """Whether this option can be one of that item."""
        return any(meaning.owner in (None, item) for meaning in self.found.meanings)

    @property
    def items(self) -> tuple[str, ...]:
        """All items it may name."""
        return tuple(meaning.item for meaning in self.found.meanings if meaning.item is not None)


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


def words_in(plain: str, lexicon: Lexicon) -> list[Word]:
    """The words and marks of a text."""
    heard = re.findall(r"\d+(?:st|nd|rd|th)\b|[^\W_]+%?(?:'s)?|[,.;!?]", normal(plain))
    words: list[Word] = []
    for word in heard:
        last = words[-1] if words else None
        if not word[0].isalnum():
            words.append(Word(word, word))
        elif last and (joined := lexicon.joined(last.heard, word)):
            words[-1] = Word(f"{last.heard} {word}", joined)
        elif pair := lexicon.split(word):
            begin = len(pair[0])
            words += [Word(word[:begin], pair[0]), Word(word[begin:], pair[1])]
        else:
            words.append(Word(word, lexicon.word(word)))
    return words


def marks_in(words: Sequence[Word], lexicon: Lexicon) -> list[Mark]:
    """The phrases of the vocabulary, the longest at each place."""
    known = [word.known for word in words]
    marks: list[Mark] = []
    position = 0
    while position < len(words):
        found = lexicon.at(known, position)
        if found is None or (marks and marks[-1].end == position and _repeats(marks[-1], found)):
            position += 1
            continue
        end = position + found.length
        last = words[end - 1]
        name = re.sub(r"\(.*?\)", "", found.meanings[0].item or "").strip()
        plural = last.heard.endswith("s") and not last.heard.endswith("'s") and not name.endswith("s")
        denied = _negated(words, position) or _denied_with_the_last(words, marks, position)
        replaced = _replaced(words, position)
        denied = denied and not (found.meanings[0].item and _something_is_left_out_of_it(words, marks, position))
        if not (_is_told_of(words, position) or _is_added_by_measure(words, marks, found, position)):
            found = _as_item_or_option(words, position, found)
            marks.append(Mark(position, end, found, denied, plural, _corrects(words, position), replaced))
        position = end
    return _exchanged(words, marks)


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


def _as_item_or_option(words: Sequence[Word], start: int, found: Found) -> Found:
    """What is both an item and an option is the item with a number or as a side, else the option."""
    items = tuple(meaning for meaning in found.meanings if meaning.item)
    if not items or len(items) == len(found.meanings):
        return found
    before = [word.heard for word in words[max(0, start - 2) : start]]
    behind = [word.heard for word in words[start + found.length : start + found.length + 3]]
    counted = before[-1:] != [] and (before[-1] in ("a", "an") or before[-1].isdigit())
    portion = before[-1:] == ["of"] and before[0] not in MEASURES - PORTIONS
    alone = counted or portion or behind in (["on", "the", "side"], ["as", "a", "side"])
    return replace(found, meanings=items if alone else tuple(meaning for meaning in found.meanings if not meaning.item))


def _left_out(words: Sequence[Word], position: int, inside: set[int]) -> list[str]:
    """The noun behind a `no` or `without`."""
    following = position + 1
    while following < len(words) and words[following].heard in ("the", "any"):
        following += 1
    if following >= len(words) or following in inside:
        return []
    noun = words[following].heard
    return [noun] if noun.isalpha() and noun not in NOT_LEFT_OUT else []


def _repeats(mark: Mark, found: Found) -> bool:
    """`pizza` after `margherita` belongs to it."""
    return mark.item is not None and any(meaning.item == mark.item for meaning in found.meanings)


def _denied_with_the_last(words: Sequence[Word], marks: Sequence[Mark], start: int) -> bool:
    """`without sugar or cinnamon`, `without sugar or any cinnamon`."""
    between = [word.heard for word in words[marks[-1].end : start]] if marks else []
    return marks != [] and marks[-1].negated and between[:1] in (["or"], ["nor"]) and len(between) < 3


def _something_is_left_out_of_it(words: Sequence[Word], marks: Sequence[Mark], start: int) -> bool:
    """`leave the cinnamon off the latte`: the latte stays."""
    last = marks[-1] if marks else None
    between = [word.heard for word in words[last.end : start]] if last else []
    return last is not None and last.negated and last.item is None and between[:1] in (["off"], ["from"], ["of"])


def takes_back(words: Sequence[Word], end: int, start: int) -> bool:
    """Whether the words from `end` to `start` take back what was said before: `a latte, no, | a mocha`."""
    return TAKING_BACK.fullmatch(" ".join(word.heard for word in words[end:start])) is not None


def _replaced(words: Sequence[Word], start: int) -> bool:
    """`honey instead of sugar`, `honey rather than the sugar`."""
    before = [word.heard for word in words[max(0, start - 3) : start] if word.heard not in ("the", "a", "any")]
    return before[-2:] in (["instead", "of"], ["rather", "than"])


def _is_told_of(words: Sequence[Word], start: int) -> bool:
    """`I am allergic to almonds` asks for none."""
    return any(word.heard.startswith(("allerg", "intoleran")) for word in words[max(0, start - REACH) : start])


def _is_added_by_measure(words: Sequence[Word], marks: Sequence[Mark], found: Found, start: int) -> bool:
    """`a chai, add a shot of espresso` orders no espresso."""
    before = [word.heard for word in words[max(0, start - 5) : start]]
    measured = before[-1:] == ["of"] and before[-2:-1] != [] and before[-2] in MEASURES - PORTIONS
    return bool(found.meanings[0].item and marks and measured and {"add", "with", "extra", "plus"} & set(before))


def _exchanged(words: Sequence[Word], marks: Sequence[Mark]) -> list[Mark]:
    """`swap the whole milk for oat milk`, `change the latte to a mocha`: the first of them is given up."""
    found = list(marks)
    for place, (first, second) in enumerate(pairwise(marks)):
        link = {word.heard for word in words[first.end : second.start]}
        asked = {word.heard for word in words[max(0, first.start - REACH) : first.start]}
        alike = (first.item is None) == (second.item is None) and first.found.meanings != second.found.meanings
        if alike and asked & EXCHANGES and link & {"to", "for", "with", "by", "into"} and not link & {"and", "."}:
            found[place] = replace(first, negated=True, replaced=True)
    return found


def _negated(words: Sequence[Word], start: int) -> bool:
    """Whether a `no` or `without` reaches this word; `no, coffee` denies nothing."""
    for back in range(start - 1, max(start - REACH, -1), -1):
        heard = words[back].heard
        before = words[back - 1].heard if back else ""
        if heard == "with" and before in ("none", "neither"):
            return True
        if heard == "forget" and before == "not":
            return False
        if (
            heard in NEGATIONS
            or (heard == "than" and before == "rather")
            or (heard == "of" and back and words[back - 1].heard == "instead")
        ):
            return True
        reaches = heard in ("extra", "add") and before in NEGATIONS | {"the", "any"}  # `no extra cheese`, `do not add`
        if (heard in NEGATION_ENDS and not reaches) or not heard[0].isalnum() or heard.isdigit():
            return False
    return False


def _corrects(words: Sequence[Word], start: int) -> bool:
    """Whether this takes the place of what was said before: `actually a large`, `make that a large`."""
    for back in range(start - 1, max(start - REACH, -1), -1):
        if words[back].heard in CORRECTIONS:
            return True
        if words[back].heard == "and":
            return False
        if not words[back].heard[0].isalnum():
            before = words[back - 1].heard if back else ""
            return words[back].heard in (",", ".") and before in CORRECTIONS | TAKEN_BACK
    return False


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
