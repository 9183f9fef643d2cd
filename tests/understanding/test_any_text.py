"""No text makes the understanding fail, answer without end, or name a day that does not exist."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callwaiting.understanding.wire import answer
from tests.understanding.asking import heard
from tests.understanding.test_items import MENU

WORDS = st.sampled_from(
    (
        "a",
        "the",
        "to",
        "two",
        "for",
        "four",
        "1",
        "7",
        "12",
        "30",
        "99",
        "2026",
        "7:30",
        "5/6",
        "31st",
        "first",
        "monday",
        "fri",
        "next",
        "last",
        "this",
        "week",
        "month",
        "day",
        "from",
        "until",
        "between",
        "and",
        "or",
        "no",
        "not",
        "without",
        "one",
        "other",
        "both",
        "in",
        "at",
        "on",
        "past",
        "half",
        "quarter",
        "pm",
        "noon",
        "tonight",
        "tomorrow",
        "may",
        "march",
        "me",
        "my",
        "wife",
        "kids",
        "people",
        "of",
        "cheeseburger",
        "pizza",
        "lemonades",
        "large",
        "oat",
        "milk",
        "hold",
        "cancel",
        "change",
        "yes",
        "is",
        "name",
        ",",
        ".",
        "?",
        "-",
        "'",
        "%",
        "é",
        "席",
    )
)
SENTENCES = st.lists(WORDS, max_size=25).map(" ".join)


@settings(max_examples=60, derandomize=True)
@given(text=SENTENCES, asked=st.sampled_from([None, "date", "time", "people", "name", "quantity"]))
def test_any_sentence(text: str, asked: str | None) -> None:
    understood = heard(text, asked, vocabulary=MENU)

    assert 0 <= understood.confidence <= 1
    assert understood.party_size is None or 0 < understood.party_size <= 500
    assert all(line.quantity is None or 0 <= line.quantity <= 999 for line in understood.items)


@settings(max_examples=40, derandomize=True)
@given(text=st.text(max_size=700))
def test_any_text(text: str) -> None:
    result = orjson.loads(answer(orjson.dumps({"text": text}), datetime(2026, 3, 4, tzinfo=UTC)))

    assert "intent" in result


@settings(max_examples=40, derandomize=True)
@given(
    line=st.binary(max_size=60)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(repr).map(str.encode)
)
def test_any_line(line: bytes) -> None:
    assert isinstance(orjson.loads(answer(line, datetime(2026, 3, 4, tzinfo=UTC))), dict)


@pytest.mark.parametrize("piece", ["a", "1 ", "at ", "1-", "monday ", "my ", "no, ", "for 2 and ", "'s ", "the 1 of "])
def test_the_work_does_not_explode_with_the_length(piece: str) -> None:
    """Counted in text read, not in seconds: what is beyond the limit changes nothing."""
    long = piece * (600 // len(piece))

    assert heard(long * 500).date == heard(long * 2).date
