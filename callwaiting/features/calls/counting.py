"""Numbers as answers: how many, which one, the number of an order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from callwaiting.features.calls.understanding import yes_or_no
from callwaiting.features.calls.vocabulary import FILLERS, ORDINALS
from callwaiting.understanding.numbers import HOMOPHONES, SCALES, TENS, UNITS, with_digits

LONGEST_NUMBER = 6
ONE = frozenset({"a", "an", "single"})
NUMBER_WORDS = frozenset({*UNITS, *TENS, *SCALES, *ONE, "couple", "dozen", "half", "pair"})


def order_number_in(digits: str, words: Sequence[str]) -> int | None:
    """The number of an order that was keyed or said, digit by digit or at once."""
    if digits:
        return int(digits) if digits.isdecimal() and len(digits) <= 8 else None
    figures = "".join(word for word in words if word.isdecimal())
    if figures:
        return int(figures) if len(figures) <= 8 else None
    spoken = [value for value, _ in numbers_in(tuple(word for word in words if word not in {"a", "an", "single"}))]
    if not spoken or not all(value < 100 for value in spoken):
        return None
    return int("".join(map(str, spoken))) if len(spoken) <= 8 else None


def number_at(words: Sequence[str], start: int) -> tuple[int, int] | None:
    """(value, how many words) of the number that begins at `start`; `a` is one. Above 99 the value is 100, whatever was
    said."""
    return _number(tuple(words[start : start + LONGEST_NUMBER]))


def quantity_in(digits: str, words: Sequence[str]) -> int | None:
    """The one number that was pressed or said, 0 to 99."""
    if digits:
        return int(digits) if digits.isdecimal() and len(digits) <= 2 else None
    if len(words) == 1 and words[0] in HOMOPHONES:
        return HOMOPHONES[words[0]]
    if yes_or_no(words) is False or "zero" in words:
        return 0
    values = {value for value, _ in numbers_in(words)}
    return values.pop() if len(values) == 1 and max(values) < 100 else None


def position_in(digits: str, words: Sequence[str], count: int) -> int | None:
    """Which of `count` offers is meant, from 0; by key, by a bare number or by `the second one`."""
    if not digits and "last" in words and all(word in FILLERS or word == "last" for word in words):
        return count - 1
    ordinals = {ORDINALS[word] for word in words if word in ORDINALS}
    number = ordinals.pop() if len(ordinals) == 1 else None
    if number is None and (digits or all(word in FILLERS or number_at(words, i) for i, word in enumerate(words))):
        number = quantity_in(digits, words)
    return number - 1 if number is not None and 1 <= number <= count else None


def is_position(words: Sequence[str]) -> bool:
    """Whether nothing is said but which one."""
    return all(word in FILLERS or word in ORDINALS or number_at(words, place) for place, word in enumerate(words))


def numbers_in(words: Sequence[str]) -> list[tuple[int, int]]:
    found, position = [], 0
    while position < len(words):
        number = number_at(words, position)
        if number:
            found.append(number)
        position += number[1] if number else 1
    return found


@lru_cache(maxsize=1024)
def _number(words: tuple[str, ...]) -> tuple[int, int] | None:
    if not words or (words[0] not in NUMBER_WORDS and not words[0].isdecimal()):
        return None
    for length in range(len(words), 0, -1):
        digits = with_digits(" ".join(words[:length]))
        if digits.isdecimal():
            return min(int(digits[:6]), 100), length
    return (1, 1) if words[0] in ONE else None
