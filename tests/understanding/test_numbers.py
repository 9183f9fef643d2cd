"""Number words in digits, and letters that spell a word."""

from __future__ import annotations

import pytest

from callwaiting.understanding.numbers import with_digits
from callwaiting.understanding.text import unspelled


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("table for twenty-five", "table for 25"),
        ("half a dozen of those", "6 of those"),
        ("two dozen", "24"),
        ("a couple of friends", "2 friends"),
        ("five thirty", "5 30"),
        ("three and four", "3 and 4"),
        ("the twenty second of june", "the 22nd of june"),
        ("one hundred and twelve", "112"),
        ("two thousand and seven", "2007"),
        ("someone else", "someone else"),
        ("", ""),
    ],
)
def test_number_words(text: str, digits: str) -> None:
    assert with_digits(text) == digits


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("two C-O-L-A please", "two COLA please"), ("m as in Mike, a, c", "mac"), ("l a t t e", "latte"),
        ("o.k.", "ok"), ("at 5 p.m. a table", "at 5 p.m. a table"), ("J. R. Smith", "J. R. Smith"), ("a b", "a b"),
        ("r u ok", "r u ok"),
    ],
)  # fmt: skip
def test_what_is_spelled(text: str, plain: str) -> None:
    assert unspelled(text) == plain
