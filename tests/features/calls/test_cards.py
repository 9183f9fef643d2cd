"""What looks like the number of a payment card is cut out; other numbers stay."""

from __future__ import annotations

import pytest

from callwaiting.features.calls.cards import CUT, without_cards


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("4242424242424242", CUT),
        ("it is 4242 4242 4242 4242, thanks", f"it is {CUT}, thanks"),
        ("3782-822463-10005", CUT),  # fifteen digits
        ("4242424242424243", "4242424242424243"),  # fails the check: no card
        ("call 415 555 0123", "call 415 555 0123"),
        ("four 2 4 2", "four 2 4 2"),
        ("1" * 40, "1" * 40),
        ("", ""),
    ],
)
def test_cards(said: str, kept: str) -> None:
    assert without_cards(said) == kept
