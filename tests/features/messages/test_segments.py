from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.features.messages.segments import ALPHABET, BASIC, EXTENSION, plain, segments_of


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "gsm7", 0),
        ("a", "gsm7", 1),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 80 + "a", "gsm7", 2),
        ("[" * 76 + "a" + "{" * 76, "gsm7", 2),
        ("a" * 152 + "€" + "a" * 153, "gsm7", 3),  # the escape does not fit behind 152 letters and moves on
        ("ñ" * 70, "gsm7", 1),
        ("á", "ucs2", 1),
        ("é" * 160, "gsm7", 1),
        ("ç" * 70, "ucs2", 1),
        ("ç" * 71, "ucs2", 2),
        ("ç" * 134, "ucs2", 2),
        ("ç" * 135, "ucs2", 3),
        ("😀" * 35, "ucs2", 1),
        ("😀" * 36, "ucs2", 2),
        ("😀" * 66, "ucs2", 2),
        ("😀" * 67, "ucs2", 3),  # 33 pairs fit a segment of 67
        ("`", "ucs2", 1),
        ("a" * 100 + "’", "ucs2", 2),
    ],
)
def test_segments(text: str, encoding: str, count: int) -> None:
    assert segments_of(text) == (encoding, count)


def test_the_alphabet_is_that_of_the_standard() -> None:
    assert (len(BASIC), len(EXTENSION)) == (127, 10)  # 128 with the escape
    assert {"ç", "á", "`", "´", "\t", "Ç"} & ALPHABET == {"Ç"}


def test_marks_become_plain_and_names_stay() -> None:
    assert plain("Zoë’s “Café” — open…\u00a0now") == 'Zoë\'s "Café" - open... now'
    assert segments_of(plain("Luigi’s – thank you")).encoding == "gsm7"
    assert plain("Łukasz 東京 Ñandú") == "Łukasz 東京 Ñandú"


@given(st.text(max_size=400))
def test_a_plain_text_never_takes_more_segments_unless_a_mark_needs_more_signs(text: str) -> None:
    assert plain(plain(text)) == plain(text)
    if ALPHABET.issuperset(text):
        assert plain(text) == text


@given(st.text(max_size=400))
def test_the_count_lies_between_the_bounds_of_the_standard(text: str) -> None:
    encoding, count = segments_of(text)
    units = (
        sum(2 if sign in EXTENSION else 1 for sign in text)
        if encoding == "gsm7"
        else len(text.encode("utf-16-le", "surrogatepass")) // 2
    )
    alone, joined = (160, 153) if encoding == "gsm7" else (70, 67)
    if units <= alone:
        assert count == (1 if text else 0)
    else:
        assert -(-units // joined) <= count <= -(-units // (joined - 1))
