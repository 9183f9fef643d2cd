"""Recorded conversations go as they were recorded."""

from __future__ import annotations

import pytest

from tests.features.calls.scripts import FOLDER, Script, play, scripts

SCRIPTS = list(scripts())


def test_there_are_many() -> None:
    assert len(SCRIPTS) >= 20


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_as_recorded(script: Script) -> None:
    assert script.text(play(script)) == (FOLDER / f"{script.name}.txt").read_text()
