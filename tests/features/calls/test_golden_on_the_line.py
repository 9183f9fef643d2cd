"""Some recorded conversations again, over signed requests and a real database: the same words are spoken."""

from __future__ import annotations

import pytest

from callwaiting.core import clock
from tests.factories.bookings import create_resource
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.paper_shop import NOW
from tests.features.calls.scripts import Script, scripts

ON_THE_LINE = ("booking_by_keys", "booking_in_words", "message_in_words", "order_anonymous", "order_corrected")


@pytest.mark.parametrize(
    "script", [script for script in scripts() if script.name in ON_THE_LINE], ids=lambda script: script.name
)
def test_the_same_words_are_spoken(pizzeria: Pizzeria, script: Script) -> None:
    create_resource(pizzeria.worker, pizzeria.scope)
    withheld = "withheld" in dict(script.head).get("shop", "")
    phone = pizzeria.phone(**({"caller": "anonymous"} if withheld else {}))
    with clock.frozen(NOW):
        heard = [phone.dial()]
        for key, value in script.deeds:
            heard.append(phone.press(value) if key == "keys" else phone.speak(value))
    assert heard == spoken(script)
    texted = [value for key, value in script.body if key == "texted"]
    assert len(pizzeria.texts()) == len(texted)


def spoken(script: Script) -> list[str]:
    """What is said in each turn of the recording."""
    turns: list[list[str]] = [[]]
    for key, value in script.body:
        if key == "says" and value != "[hangs up]":
            turns[-1].append(value.strip('"'))
        elif key in {"caller", "keys"}:
            turns.append([])
    return [" ".join(said) for said in turns]
