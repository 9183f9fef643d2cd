"""Recorded dialogues by text go as they were recorded, in short texts that ask for nothing that carriers trap."""

from __future__ import annotations

import re

import pytest

from callwaiting.features.messages.service import segments_of
from tests.features.calls.paper_texts import FOLDER, play, recordings
from tests.features.calls.scripts import Script

SPOKEN = re.compile(r"\b(?:press|pound|keys?|keypad|say|hang up|phone|goodbye|tone)\b", re.IGNORECASE)
TRAPS = re.compile(r"\b(?:CANCEL|END|YES|QUIT|STOP|UNSUBSCRIBE)\b")
RECORDINGS = recordings()


def test_there_are_many() -> None:
    assert len(RECORDINGS) >= 12


@pytest.mark.parametrize("script", RECORDINGS, ids=lambda script: script.name)
def test_as_recorded(script: Script) -> None:
    assert script.text(play(script)) == (FOLDER / f"{script.name}.txt").read_text()


@pytest.mark.parametrize("script", RECORDINGS, ids=lambda script: script.name)
def test_texts_are_short_plain_and_written(script: Script) -> None:
    for key, value in script.body:
        if key == "texts":
            assert segments_of(value).encoding == "gsm7"
            assert segments_of(value).parts <= 2
            assert not SPOKEN.search(value), value
            assert not TRAPS.search(value), value
