"""What callers want, and what is not for a business's line."""

from __future__ import annotations

import pytest

from callwaiting.understanding import Intent
from tests.understanding.asking import heard


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("I would like to book a table for two", Intent.BOOK),
        ("do you have anything free on Friday", Intent.BOOK),
        ("I need to move my appointment", Intent.CHANGE),
        ("I have a table at eight that I must reschedule", Intent.CHANGE),
        ("please cancel my reservation", Intent.CANCEL),
        ("where is my order", Intent.ORDER_STATUS),
        ("I would like to place an order", Intent.ORDER),
        ("when do you open on Sundays", Intent.HOURS),
        ("what is your address", Intent.LOCATION),
        ("do you have a wheelchair ramp or step-free access", Intent.QUESTION),
        ("can I pay by card now", Intent.PAY),
        ("could I leave a message for the owner", Intent.MESSAGE),
        ("let me speak to a person", Intent.HUMAN),
        ("sorry, could you say that again", Intent.REPEAT),
        ("let's start over", Intent.START_OVER),
        ("stop texting me", Intent.STOP),
        ("this is an emergency", Intent.EMERGENCY),
        ("are you a robot", Intent.HELP),
        ("hello there", Intent.GREETING),
        ("thank you so much", Intent.THANKS),
        ("goodbye", Intent.GOODBYE),
        ("that's all", Intent.DONE),
        ("I'm not sure yet", Intent.DONT_KNOW),
        ("yes please", Intent.YES),
        ("no thanks", Intent.NO),
    ],
)
def test_intent(text: str, intent: Intent) -> None:
    assert heard(text).intent is intent


@pytest.mark.parametrize(
    "text",
    [
        "what's the capital of Peru",
        "remind me to water the plants",
        "how do I reset my bank password",
        "play some jazz in the kitchen",
        "will it rain in Oslo this weekend",
        "translate good night into Finnish",
        "my debit card was swallowed by the machine",
        "tell me a joke about cats",
        "",
    ],
)
def test_other_worlds_are_out_of_scope(text: str) -> None:
    assert heard(text).out_of_scope


@pytest.mark.parametrize(("text", "asked"), [("Friday", "date"), ("six", "people"), ("half seven", "time")])
def test_an_answer_is_in_scope(text: str, asked: str) -> None:
    understood = heard(text, asked)

    assert (understood.intent, understood.confidence > 0.7) == (Intent.ANSWER, True)


def test_every_intent_of_the_file_is_known_and_has_patterns() -> None:
    from callwaiting.understanding.intent_words import intent_words

    without = {intent for intent, lines in intent_words().intents.items() if not lines}

    assert without == {Intent.YES, Intent.NO, Intent.ANSWER, Intent.OUT_OF_SCOPE}
