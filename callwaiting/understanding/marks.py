"""Where in a text the phrases of a vocabulary stand, and which of them are denied or corrected."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from callwaiting.understanding.lexicon import Found, Lexicon, normal
from callwaiting.understanding.word_lists import word_list

LARGEST_QUANTITY = 999
MEASURES = word_list("measures")
PORTIONS = frozenset({"side", "sides", "bag", "bags", "slice", "slices", "scoop", "scoops"})  # of an item of its own
NEGATIONS = frozenset(
    {"no", "without", "hold", "minus", "not", "except", "skip", "remove", "never", "leave", "less", "delete", "off",
     "cancel", "scratch", "ditch", "forget", "lose", "avoid", "omit", "drop"}
)  # fmt: skip
# Behind these a denial does not reach: `no cinnamon on the latte`.
NEGATION_ENDS = frozenset(
    {"and", "but", "with", "add", "please", "plus", "instead", "then", "extra", "or", "on", "in", "for", "inside"}
)
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
OWNERS = frozenset({"my", "your", "his", "her", "our", "their"})  # `color my hair` orders no hair wax
REACH = 5  # how many words a negation reaches


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the text, as heard and as the vocabulary knows it."""

    heard: str
    known: str


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
        if (
            found is None
            or (marks and marks[-1].end == position and _repeats(marks[-1], found))
            or (not found.whole and found.meanings[0].item and position and words[position - 1].heard in OWNERS)
        ):
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
