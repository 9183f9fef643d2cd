"""The index of a vocabulary: which words name an item or an option, with plurals, short forms and near spellings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from callwaiting.understanding.numbers import with_digits
from callwaiting.understanding.spelling import LONG, Spelling
from callwaiting.understanding.vocabulary import Group, Vocabulary
from callwaiting.understanding.word_lists import word_list

Phrase = tuple[str, ...]
# Words for the same thing that menus and callers use differently.
SYNONYMS = {
    "decaffeinated": "decaf", "decafe": "decaf", "uncaffeinated": "decaf", "ice": "iced", "cold": "iced",
    "skim": "nonfat", "skimmed": "nonfat", "fatfree": "nonfat", "semiskimmed": "2%", "syrup": "sauce",
    "flavoring": "sweetener", "flavouring": "sweetener",
    "sweetner": "sweetener", "coke": "cola", "fries": "fry", "chips": "chip", "veggie": "vegetarian", "pop": "soda",
    "sugarfree": "sugarless", "lg": "large", "sm": "small", "med": "medium", "twice": "double", "milks": "milk",
    "whip": "whipped", "mayo": "mayonnaise",
}  # fmt: skip
# Two words that are one, as menus and speech recognition split them.
_JOINED = tuple(
    (re.compile(pattern), joined)
    for pattern, joined in (
        (r"\b(?:(?:non|no|zero)[ -]?fat|fat[ -]?free)\b", "nonfat"),
        (r"\bsugar[ -]?(?:free|less)\b", "sugarless"), (r"\blactose[ -]?free\b", "lactosefree"),
        (r"\b(?:2|two) ?(?:percent|per cent|pct)\b|\b2 ?&|\b2 %", "2%"), (r"\b1 (?:percent|per cent)\b", "1%"),
        (r"\bgluten[ -]?free\b", "glutenfree"), (r"\bdairy[ -]?free\b", "dairyfree"),
        (r"\b(?:xl|x[ -]large)\b", "extra large"), (r"\bsemi[ -]?skimmed\b", "semiskimmed"),
        (r"\bde[ -]caf(?:feinated)?\b", "decaf"), (r"\bhalf and half\b", "halfandhalf"),
        (r"\b([a-z]{4,})(sauce|sweetener|sweetner|syrup)\b", r"\1 \2"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase names: an item, or a value of a group of options. Several meanings: it is not clear which."""

    item: str | None = None
    group: str | None = None
    value: str | None = None
    owner: str | None = None  # the item that the group belongs to, if to one alone


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase of the vocabulary in a text: `length` words."""

    meanings: tuple[Meaning, ...]
    length: int
    whole: bool = True


def normal(text: str) -> str:
    """A menu's or a caller's words in the form in which both are compared."""
    text = with_digits(text.lower().replace("’", "'"))
    text = re.sub(r" (?:&|'?n'?) (?=[a-z])", " and ", text)
    text = re.sub(r"\b(\d{1,3}) ?x\b(?! ?\d)", r"\1", text)
    text = re.sub(r"\b(?:x|times) ?(\d{1,3})\b", r"times \1", text)
    for pattern, joined in _JOINED:
        text = pattern.sub(joined, text)
    return text


def singular(word: str) -> str:
    """A word's form for comparison: synonyms, plural and possessive endings."""
    word = SYNONYMS.get(word, word)
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "oes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return SYNONYMS.get(word[:-1], word[:-1])  # `cokes`
    return word


def phrase_of(text: str) -> Phrase:
    """The comparable words of a name."""
    words = re.findall(r"[a-z0-9%&']+", normal(re.sub(r"\(.*?\)", " ", text)))
    return tuple(singular(word.replace("'", "")) if not word.endswith("'s") else singular(word) for word in words)


class Lexicon:
    """All phrases of a vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._phrases: defaultdict[Phrase, dict[Meaning, None]] = defaultdict(dict)
        self._parts: defaultdict[Phrase, dict[Meaning, None]] = defaultdict(dict)
        for item in vocabulary.items:
            meaning = Meaning(item=item.name)
            for name in (item.name, *item.aliases):
                self._add(phrase_of(name), meaning)
            for group in item.groups:
                self._add_group(group, item.name)
        for group in vocabulary.groups:
            self._add_group(group, None)
        self._add_parts(vocabulary)
        known = {*self._phrases, *self._parts}
        self.longest = max((len(phrase) for phrase in known), default=0)
        self.words = frozenset(word for phrase in known for word in phrase)
        self._pairs = dict(_pairs_in(vocabulary))
        self._spelling = Spelling(self.words)
        self._starts = sorted({phrase[0] for phrase in known if len(phrase) == 1 and len(phrase[0]) >= 6})

    def word(self, heard: str) -> str:
        """The word of the vocabulary that was heard: itself, nearly spelt, or its unmistakable beginning."""
        word = singular(heard)
        if word in self.words:
            return word
        if word in COMMON:
            return word
        near = self._spelling.nearest(word)
        if near is not None:
            return near
        for known, shortest in ((self._phrases, 4), (self._parts, 5)):
            begun = [start for start in self._starts if (start,) in known and start.startswith(word)]
            if len(word) >= shortest and len({meaning for start in begun for meaning in known[(start,)]}) == 1:
                return begun[0]
        return word

    def split(self, heard: str) -> tuple[str, str] | None:
        """Two words of a name that were heard as one: `oatmilk`."""
        return None if singular(heard) in self.words else self._pairs.get(heard.removesuffix("s"))

    def joined(self, one: str, other: str) -> str | None:
        """A word of a name that was heard as two: `pepper jack`, `milk shake`."""
        word = one + singular(other)
        return word if len(word) >= LONG and word in self.words and word not in self._pairs else None

    def at(self, words: list[str], start: int) -> Found | None:
        """The longest phrase that begins there; a part of a name only when no whole name does."""
        for known, whole in ((self._phrases, True), (self._parts, False)):
            for length in range(min(self.longest, len(words) - start), 0, -1):
                meanings = known.get(tuple(words[start : start + length]))
                if meanings:
                    return Found(tuple(meanings), length, whole)
        return None

    def _add(self, phrase: Phrase, meaning: Meaning) -> None:
        for said in (phrase, tuple(word for word in phrase if word != "and")):  # `chicken bacon ranch`
            if said:
                self._phrases[said][meaning] = None

    def _add_group(self, group: Group, owner: str | None) -> None:
        """The values of a group, also without the word that most of them share (`oat` for `Oat milk`)."""
        named = [(choice, phrase_of(name)) for choice in group.choices for name in (choice.name, *choice.aliases)]
        ends = Counter(phrase[-1] for _, phrase in named if len(phrase) > 1)
        shared = {word for word, count in ends.items() if count > 1}
        general = set(phrase_of(group.name))
        counted = Counter(word for phrase in {phrase for _, phrase in named} for word in set(phrase))
        for choice, phrase in named:
            meaning = Meaning(group=group.name, value=choice.name, owner=owner)
            self._add(phrase, meaning)
            if len(phrase) > 1 and phrase[-1] in shared and _says_something(phrase[:-1]):
                self._parts[phrase[:-1]][meaning] = None
                for other in shared - {phrase[-1]}:
                    self._parts[(*phrase[:-1], other)][meaning] = None
            for word in phrase if len(phrase) > 1 else ():
                if len(word) > 4 and counted[word] == 1 and word not in COMMON:  # `whipped` of `whipped cream`
                    self._parts[(word,)][meaning] = None
            for word in general - set(phrase):
                self._parts[(*phrase, word)][meaning] = None
            if len(phrase) > 1 and phrase[-1] in shared:
                for word in general - set(phrase):
                    self._parts[(*phrase[:-1], word)][meaning] = None

    def _add_parts(self, vocabulary: Vocabulary) -> None:
        """Distinctive parts of longer names: `margherita` for `Margherita pizza`; what several share is not clear."""
        option_words = {
            word for phrase in self._phrases for word in phrase if any(m.group for m in self._phrases[phrase])
        }
        for item in vocabulary.items:
            phrase = phrase_of(item.name)
            for length in range(1, len(phrase)):
                for start in range(len(phrase) - length + 1):
                    part = phrase[start : start + length]
                    if part in self._phrases or {part[0], part[-1]} & {"and", "with", "of"}:
                        continue
                    if length > 1 or (part[0] not in COMMON | COLOURS and part[0] not in option_words):
                        self._parts[part][Meaning(item=item.name)] = None


def _pairs_in(vocabulary: Vocabulary) -> Iterator[tuple[str, tuple[str, str]]]:
    """Neighbouring words of the names, filed under both in one."""
    groups = [*vocabulary.groups, *(group for item in vocabulary.items for group in item.groups)]
    names = [name for item in vocabulary.items for name in (item.name, *item.aliases)]
    names += [name for group in groups for choice in group.choices for name in (choice.name, *choice.aliases)]
    for name in names:
        for one, other in pairwise(normal(name).split()):
            if one.isalpha() and other.isalpha():
                yield one + other.removesuffix("s"), (one, other.removesuffix("s"))


def _says_something(part: Phrase) -> bool:
    """Whether a part of a name can stand for it: neither the `extra` of `extra shot` nor the `2` of `2 litres`."""
    return any(word not in COMMON and not word.isdigit() for word in part)


COMMON = word_list("common")
COLOURS = frozenset({"black", "white", "green", "red", "blue", "brown", "golden", "yellow", "dark"})  # no item alone


@lru_cache(maxsize=64)
def lexicon_of(vocabulary: Vocabulary) -> Lexicon:
    """The index of a vocabulary, made once."""
    return Lexicon(vocabulary)
