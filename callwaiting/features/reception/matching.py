"""Which of the merchant's answers does a caller ask for? Pure.

A question is compared word by word with the topic and with every way of asking that the merchant has named. Words that
every question has count for nothing; two answers that fit alike are no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from callwaiting.features.catalogue.service import singular, words_of

ENOUGH = 0.6
MARGIN = 0.15
MOST = 3
SEVERAL = re.compile(r"(?i)[?;]|,? and ")
EMPTY = frozenset({
    "a", "about", "all", "also", "am", "an", "and", "any", "are", "at", "be", "by", "can", "could", "did", "do", "does",
    "for", "from", "get", "got", "have", "having", "hello", "hey", "hi", "how", "i", "id", "if", "im", "in", "is", "it",
    "its", "just", "know", "like", "me", "my", "need", "of", "on", "or", "our", "please", "so", "some", "tell", "that",
    "thats", "the", "there", "theres", "they", "this", "to", "um", "want", "was", "we", "what", "whats", "when",
    "where", "which", "will", "with", "would", "you", "your",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One answer with its topic and the ways in which callers ask for it."""

    topic: str
    asked: tuple[str, ...]
    answer: str


def questions_in(said: str) -> list[str]:
    """The parts of a sentence that may be questions of their own, three at most; none when there is one."""
    parts = [part for part in SEVERAL.split(said) if len(words_of(part)) > 1]
    return parts[:MOST] if len(parts) > 1 else []


def best(question: str, entries: Sequence[Entry]) -> str | None:
    """The answer that surely fits, or None."""
    said = _telling(question)
    if not said:
        return None
    scored = sorted(((_score(said, entry), entry.answer) for entry in entries), key=lambda pair: -pair[0])
    if not scored or scored[0][0] < ENOUGH:
        return None
    if len(scored) > 1 and scored[0][0] - scored[1][0] < MARGIN and scored[0][1] != scored[1][1]:
        return None
    return scored[0][1]


def _score(said: frozenset[str], entry: Entry) -> float:
    """How much of the nearest way of asking was said, and a little for how much of what was said it explains."""
    ways = [telling for text in (entry.topic, *entry.asked) if (telling := _telling(text))]
    return max((0.8 * len(way & said) / len(way) + 0.2 * len(way & said) / len(said) for way in ways), default=0.0)


def _telling(text: str) -> frozenset[str]:
    return frozenset(singular(word) for word in words_of(text) if word not in EMPTY)
