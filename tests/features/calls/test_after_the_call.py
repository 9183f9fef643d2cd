"""What a caller is texted once the call is over, for each way in which a call can go: the table in docs/dialogue.md."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callwaiting.core import clock
from callwaiting.features.calls import service as calls
from callwaiting.features.reception import answers
from tests.factories.bookings import create_resource
from tests.factories.telephone import Telephone
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.test_transfer import set_desk

MORNING = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)  # half past eight in New York
Said = list[str]  # keys are given as digits; an empty one is silence
GOES: list[tuple[str, Said, str, list[str]]] = [
    ("never says a word", ["", ""], "none", ["missed_call"]),
    ("is not understood", ["blorb", "blorb", "blorb"], "none", ["call_unfinished"]),
    ("hangs up in an order", ["two colas"], "none", ["call_unfinished"]),
    ("wants another time and hangs up", ["book a time", "the first one", "no"], "none", ["call_unfinished"]),
    ("wants none of the times", ["book a time", "no"], "declined", []),
    ("wants none of the times, and hears the menu", ["book a time", "no", ""], "declined", []),
    ("wants nothing more", ["book a time", "no", "no, thank you"], "declined", []),
    ("drops the order", ["two colas", "cancel my order"], "declined", []),
    ("says goodbye", ["goodbye"], "declined", []),
    ("declines, and begins again", ["book a time", "no", "two colas"], "none", ["call_unfinished"]),
    ("has an answer", ["is there parking"], "answer", []),
    ("hears a price", ["how much is a margherita"], "answer", []),
    ("has an answer, and hangs up in an order", ["how much is a cola", "two colas"], "answer", ["call_unfinished"]),
    ("asks for a person", ["a person please"], "person", ["person_asked"]),
    ("leaves a message", ["leave a message", "I am late", "yes"], "message", []),
    ("hangs up before the yes to a message", ["leave a message", "I am late"], "none", ["call_unfinished"]),
    ("asks for a person, then leaves a message", ["a person", "leave a message", "I am late", "1"], "message", []),
    ("needs help", ["help, there's a fire"], "emergency", []),
    ("books", ["book a time", "the first one", "yes"], "booking", ["booking_confirmation"]),
    ("orders", ["two colas", "0", "1"], "order", ["payment_link"]),
]


def hang_up(pizzeria: Pizzeria, phone: Telephone) -> None:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        calls.apply_status(session, phone.call_sid, "completed", 1, None)


@pytest.mark.parametrize(("said", "outcome", "texts"), [row[1:] for row in GOES], ids=[row[0] for row in GOES])
def test_what_is_texted(pizzeria: Pizzeria, phone: Telephone, said: Said, outcome: str, texts: list[str]) -> None:
    create_resource(pizzeria.worker, pizzeria.scope)
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        answers.add(session, topic="Parking", asked=["is there parking"], answer="Behind the house.")
    with clock.frozen(MORNING):
        phone.dial()
        for each in said:
            phone.press(each) if each.isdecimal() else phone.speak(each)
        hang_up(pizzeria, phone)
    assert [call.outcome for call in pizzeria.calls()] == [outcome]
    assert [kind for kind, _, _ in pizzeria.texts()] == texts


def test_whom_nobody_could_speak_to_is_told_that_the_team_knows(pizzeria: Pizzeria, phone: Telephone) -> None:
    set_desk(pizzeria)
    phone.dial()
    phone.fetch(phone.below(), SpeechResult="a person please")
    phone.action = f"{phone.source.public_url}/voice/turn?step=menu&n=2"
    assert "nobody could take your call" in phone.post(phone.below(), DialCallStatus="no-answer", DialBridged="false")
    hang_up(pizzeria, phone)
    [(kind, _, body)] = pizzeria.texts()
    assert kind == "person_asked"
    assert "The team knows that you called" in body


def test_a_second_call_of_the_day_that_comes_to_nothing_is_not_texted_about(
    pizzeria: Pizzeria, phone: Telephone
) -> None:
    phone.dial()
    hang_up(pizzeria, phone)
    again = pizzeria.phone()
    again.dial()
    again.speak("two colas")
    hang_up(pizzeria, again)
    assert [kind for kind, _, _ in pizzeria.texts()] == ["missed_call"]
