"""Number words in digits."""

from __future__ import annotations

import pytest

from callwaiting.understanding.numbers import with_digits


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
