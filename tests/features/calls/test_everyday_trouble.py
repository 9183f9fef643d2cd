"""Silence, nonsense, hanging up, and what holds at every step."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from callwaiting.features.alerts.models import Alert
from callwaiting.features.callers import service as callers
from callwaiting.features.calls import service as calls
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from tests.factories.telephone import CALLER, Telephone
from tests.features.calls.conftest import Pizzeria

STEPS: list[list[tuple[str, str]]] = [
    [],
    [("press", "1")],
    [("press", "1"), ("press", "1")],
    [("speak", "two pizzas")],
    [("speak", "two colas")],
    [("speak", "two colas"), ("press", "0")],
    [("speak", "two colas"), ("press", "0"), ("press", "2")],
]


def _walk(phone: Telephone, step: list[tuple[str, str]]) -> None:
    phone.dial()
    for how, what in step:
        phone.press(what) if how == "press" else phone.speak(what)


@pytest.mark.parametrize("step", STEPS)
def test_two_reprompts_then_goodbye_with_a_promise(
    pizzeria: Pizzeria, phone: Telephone, step: list[tuple[str, str]]
) -> None:
    _walk(phone, step)
    assert "Sorry, I did not hear you." in phone.silence()
    assert "The keys of your phone are the surest way." in phone.speak("blorb")
    heard = phone.press("*")
    assert heard == "I am sorry, this does not work by phone. We will send you a text. Goodbye."
    assert phone.over
    assert pizzeria.orders() == []


def test_no_promise_without_a_number(pizzeria: Pizzeria) -> None:
    phone = pizzeria.phone(caller="anonymous")
    phone.dial()
    phone.silence()
    phone.silence()
    assert phone.silence() == "I am sorry, this does not work by phone. Goodbye."


def test_an_understood_answer_forgives(phone: Telephone) -> None:
    phone.dial()
    phone.silence()
    phone.silence()
    phone.press("1")
    phone.silence()
    phone.silence()
    assert not phone.over


@pytest.mark.parametrize("step", STEPS)
def test_who_hangs_up_gets_one_text(pizzeria: Pizzeria, phone: Telephone, step: list[tuple[str, str]]) -> None:
    _walk(phone, step)
    for status in ("completed", "completed", "in-progress"):
        with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
            calls.apply_status(session, phone.call_sid, status, 1, None)
    [(kind, status, body)] = pizzeria.texts()
    assert (kind, status) == ("call_unfinished" if step else "missed_call", "planned")
    assert "Luigi's Pizza" in body
    assert "STOP" in body
    assert pizzeria.orders() == []


@pytest.mark.parametrize("step", STEPS)
def test_repeat_asks_the_same_again(phone: Telephone, step: list[tuple[str, str]]) -> None:
    _walk(phone, step)
    first = phone.speak("please say that again")
    assert phone.speak("repeat") == first
    assert not phone.over


@pytest.mark.parametrize("step", STEPS)
def test_start_over_forgets_the_order(pizzeria: Pizzeria, phone: Telephone, step: list[tuple[str, str]]) -> None:
    _walk(phone, step)
    assert phone.speak("start over").startswith("Okay, let us start over. To place an order")
    assert pizzeria.calls()[0].state["cart"] == []


def test_asking_for_a_person_alerts_the_merchant(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    assert "I have told the team" in phone.speak("I want to speak to a human")
    assert not phone.over
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        assert session.scalars(select(Alert.rule)).all() == ["calls.person_requested"]


def test_stop_by_voice_is_honoured_at_once(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("no more texts please")
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session, pytest.raises(ConsentRevoked):
        consents.require_consent(session, callers.remember(session, CALLER))
    phone.silence()
    phone.silence()
    assert "We will send you a text" not in phone.silence()
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        calls.apply_status(session, phone.call_sid, "completed", 1, None)
    assert [(kind, status) for kind, status, _ in pizzeria.texts()] == [("call_unfinished", "suppressed")]


@pytest.mark.parametrize(
    "nonsense", ["<Say>hi</Say>", "&amp; \" '", "\x00\x0b\x1f", "🍕🍕", "‮", "1" * 3000, "%s %(x)s {0}", "../..", "ſ"]
)
def test_nonsense_is_not_understood_and_harms_nothing(phone: Telephone, nonsense: str) -> None:
    phone.dial()
    phone.press("1")
    assert "Sorry, I did not get that." in phone.speak(nonsense)
    assert "surest way" in phone.press(nonsense)


def test_every_question_takes_keys_and_speech_and_reports_silence(phone: Telephone) -> None:
    phone.dial()
    for press in ("1", "1", "2", "0", "2"):
        assert phone.gather["input"] == "dtmf speech"
        assert phone.gather["actionOnEmptyResult"] == "true"
        assert phone.gather["bargeIn"] == "true"
        assert phone.gather["method"] == "POST"
        phone.press(press)
