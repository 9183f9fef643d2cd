"""Reads `words.toml`: plain word lists."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files


def word_list(name: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(_lists()[name].split())


@cache
def _lists() -> dict[str, str]:
    return tomllib.loads(files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
