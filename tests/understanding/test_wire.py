"""JSON lines: the documented form, every form of a vocabulary, and a line for every line."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

import orjson
import pytest
from click.testing import CliRunner

from callwaiting.cli.understand import command
from callwaiting.understanding.wire import Json, answer

NOW = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)


def asked(request: object) -> Json:
    return cast(Json, orjson.loads(answer(orjson.dumps(request), NOW)))


def test_the_documented_form() -> None:
    result = asked({
        "text": "Two large lemonades without ice, tomorrow between 5 and 6 pm for Ada Blum",
        "now": "2026-03-04T10:00:00", "timezone": "America/New_York", "asked": None,
        "vocabulary": {"items": [{"id": "7", "name": "Lemonade", "options": {"size": ["small", "large"]}}]},
    })  # fmt: skip

    assert result == {
        "intent": "order", "confidence": result["confidence"], "out_of_scope": False,
        "items": [{"item": "Lemonade", "quantity": 2, "options": {"size": "large"}, "removed": ["ice"]}],
        "date": "2026-03-05", "time": "17:00", "period": {"from": "17:00", "to": "18:00", "part": None},
        "party_size": None, "quantity": None, "names": {"first": "Ada", "last": "Blum"}, "phone": None, "yes_no": None,
        "doubtful": [], "candidates": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    "vocabulary",
    [
        ["Lemonade", "Cola"],
        {"items": ["Lemonade"]},
        {"items": [{"name": "Lemonade"}]},
        {"items": [{"name": "Homemade drink", "aliases": ["lemonade"]}, {"name": "Lemonade"}][1:]},
        {"items": [["Lemonade", 90], ["lemonade", 7], ["Lemonad", 1], ["Can I get a Lemonade?", 1]]},
    ],
)
def test_every_form_of_a_vocabulary(vocabulary: object) -> None:
    result = asked({"text": "one lemonade", "vocabulary": vocabulary})

    assert result["items"] == [{"item": "Lemonade", "quantity": 1, "options": {}, "removed": []}]


def test_a_counted_vocabulary_folds_its_variants() -> None:
    vocabulary = {
        "items": [["Tea", 50]],
        "attributes": {"Milk": [["Soy Milk", 40], ["soy milk", 9], ["Soya Milk", 1]], "mlik ": [["soy Milk", 1]]},
        "addons": [["mint-syrup", 20], ["mint", 3]],
    }

    result = asked({"text": "a tea with soy milk and mint", "vocabulary": vocabulary})

    assert result["items"] == [
        {"item": "Tea", "quantity": 1, "options": {"Milk": "Soy Milk", "addons": "mint-syrup"}, "removed": []}
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"{", "malformed_json"),
        (b"\xff\xfe", "malformed_json"),
        (b"[]", "request_invalid"),
        (b'{"text": 7}', "request_invalid"),
        (b'{"text": "x", "now": "soon"}', "request_invalid"),
        (b'{"text": "x", "asked": {}}', "request_invalid"),
        (b'{"text": "x", "timezone": "Mars/Base"}', "timezone_unknown"),
        (b'{"text": "x", "timezone": "../etc"}', "timezone_unknown"),
        (b'{"text": "x", "vocabulary": "tea"}', "vocabulary_invalid"),
        (b'{"text": "x", "vocabulary": {"items": [{"price": 1}]}}', "vocabulary_invalid"),
    ],
)
def test_a_bad_line_is_answered_with_an_error(line: bytes, error: str) -> None:
    assert orjson.loads(answer(line, NOW))["error"] == error


def test_the_command_writes_a_line_for_each_line() -> None:
    done = CliRunner().invoke(command, input=b'{"text": "yes"}\nnonsense\n{"text": null, "asked": ["date"]}\n')

    results = [orjson.loads(line) for line in done.stdout.splitlines()]
    assert [result.get("error", result.get("yes_no")) for result in results] == [True, "malformed_json", None]
