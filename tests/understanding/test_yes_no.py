"""Plain answers are heard; a yes that is no yes is not."""

from __future__ import annotations

import pytest

from callwaiting.understanding.text import read
from callwaiting.understanding.yes_no import is_bare, yes_or_no


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Yes please", True),
        ("that's right", True),
        ("sure, go ahead", True),
        ("not bad, okay", True),
        ("No.", False),
        ("nope, sorry", False),
        ("that isn't right", False),
        ("no, that's fine, leave it", False),
        ("yes and no", None),
        ("yes, but don't send it", None),
        ("I'm not sure", None),
        ("Saturday", None),
        ("", None),
    ],
)
def test_yes_or_no(text: str, answer: bool | None) -> None:
    assert yes_or_no(read(text).plain) is answer


@pytest.mark.parametrize(
    ("text", "bare"), [("yes please", True), ("oh no thank you", True), ("yes, at nine", False), ("no, Friday", False)]
)
def test_an_answer_with_more_in_it_is_not_bare(text: str, bare: bool) -> None:
    assert is_bare(read(text).plain) is bare
