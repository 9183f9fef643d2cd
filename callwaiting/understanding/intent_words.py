"""Reads `intents.toml`: the weighted patterns of each intent and of what is out of scope."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple, TypedDict

from callwaiting.understanding.result import Intent


class Weighted(NamedTuple):
    """A pattern and how much it speaks for its intent."""

    pattern: re.Pattern[str]
    weight: int


class _Line(TypedDict):
    weight: int
    pattern: list[str]


class _File(TypedDict):
    words: dict[str, list[str]]
    intent: dict[str, list[_Line]]
    foreign: list[_Line]


class IntentWords(NamedTuple):
    """The content of the file. `foreign` are the topics of other worlds."""

    intents: Mapping[Intent, tuple[Weighted, ...]]
    foreign: tuple[Weighted, ...]


@cache
def intent_words() -> IntentWords:
    """The patterns, read and compiled once."""
    text = files(__package__).joinpath("intents.toml").read_text(encoding="utf-8")
    content: _File = tomllib.loads(text)  # type: ignore[assignment]  # its own file, tested
    words = {name: "".join(parts) for name, parts in content["words"].items()}
    lines = content["intent"]
    return IntentWords(
        {intent: _compiled(lines.get(intent.value, ()), words) for intent in Intent},
        _compiled(content["foreign"], words),
    )


def _compiled(lines: Sequence[_Line], words: Mapping[str, str]) -> tuple[Weighted, ...]:
    compiled = []
    for line in lines:
        pattern = "".join(line["pattern"])
        for name, meant in words.items():
            pattern = pattern.replace(f"<{name}>", meant)
        compiled.append(Weighted(re.compile(pattern), line["weight"]))
    return tuple(compiled)
