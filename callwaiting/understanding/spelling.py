"""Words that are spelt nearly right, found without comparing with every word: an index of deletions.

Every word of the vocabulary is filed under itself with one or two letters left out; so is a word that was heard, and
what shares an entry is compared. Costs grow with the length of the word, not with the size of the vocabulary.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

SHORTEST = 4
LONG = 7  # from here on two mistakes are allowed


class Spelling:
    """The words of a vocabulary, to be found by what is nearly one of them."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(words)
        self._filed: defaultdict[str, set[str]] = defaultdict(set)
        for word in self._words:
            if len(word) >= SHORTEST and word.isalpha():
                for shorter in _shortened(word):
                    self._filed[shorter].add(word)

    def nearest(self, word: str) -> str | None:
        """The one word that is nearest, or None: none is near, or two are equally near."""
        if word in self._words:
            return word
        if len(word) < SHORTEST or not word.isalpha():
            return None
        near = {other for shorter in _shortened(word) for other in self._filed.get(shorter, ())}
        allowed = 2 if len(word) >= LONG else 1
        ranked = sorted(
            (distance, other)
            for other in near
            if other[0] == word[0]
            and len(word) + len(other) > 2 * SHORTEST  # `main` is no misspelt `maid`
            and (distance := _distance(word, other)) <= allowed
        )
        if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            return None
        return ranked[0][1]


def _shortened(word: str) -> Iterator[str]:
    """The word, and all that is left of it without one or, when it is long, two letters."""
    yield word
    once = {word[:i] + word[i + 1 :] for i in range(len(word))}
    yield from once
    if LONG <= len(word) <= 16:
        yield from {short[:i] + short[i + 1 :] for short in once for i in range(len(short))}


def _distance(one: str, other: str) -> int:
    """Letters put in, left out, changed or swapped with their neighbour (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        older, before, row = before, row, [i]
        for j, wanted in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]
