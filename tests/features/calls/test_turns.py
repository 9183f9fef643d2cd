"""Repeats, parallel copies, requests from the past and the future, faults, strangers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import psycopg2
import pytest
from sqlalchemy import select, update

from callwaiting.core.tenancy import SystemScope
from callwaiting.features.alerts.models import Alert
from callwaiting.features.calls import dialogue, voice_routes
from callwaiting.features.calls.models import Call, CallTurn
from callwaiting.features.merchants.models import Merchant
from tests.factories.merchants import create_merchant
from tests.factories.telephone import Telephone
from tests.factories.webhooks import make_source, twilio_delivery
from tests.features.calls.conftest import Pizzeria


def _until_read_back(phone: Telephone) -> str:
    phone.dial()
    phone.speak("two margheritas and a cola")
    phone.press("0")
    assert phone.action is not None
    return phone.action.partition("/voice")[2]


def test_parallel_copies_of_a_turn_have_one_effect_and_one_answer(pizzeria: Pizzeria, phone: Telephone) -> None:
    below = "/voice" + _until_read_back(phone)
    copies = [Telephone(pizzeria.app.test_client(), pizzeria.source, call_sid=phone.call_sid) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda copy: copy.fetch(below, Digits="1"), copies))
    assert len(set(answers)) == 1
    assert b"is placed" in answers[0]
    assert len(pizzeria.orders()) == 1
    assert len(pizzeria.texts()) == 1
    assert phone.fetch(below, Digits="2") == answers[0]


def test_parallel_copies_of_a_new_call(pizzeria: Pizzeria) -> None:
    copies = [pizzeria.phone(call_sid="CA" + "7" * 32) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda copy: copy.fetch("/voice"), copies))
    assert len(set(answers)) == 1
    assert len(pizzeria.calls()) == 1


def test_a_past_turn_is_answered_as_it_was(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    first = phone.document
    phone.press("1")
    second = phone.document
    phone.press("3")
    assert phone.fetch("/voice") == first
    assert phone.fetch("/voice/turn?step=menu&n=0", Digits="2") == first
    assert phone.fetch("/voice/turn?step=menu&n=1", Digits="2") == second
    assert pizzeria.calls()[0].state["step"] == "quantity"


@pytest.mark.parametrize("nonce", ["9", "99999999999", "-1", "x", "", "2.0", "%D9%A3"])
def test_a_nonce_that_cannot_be_leads_back_to_the_last_turn(pizzeria: Pizzeria, phone: Telephone, nonce: str) -> None:
    phone.dial()
    phone.press("1")
    last = phone.document
    answer = ElementTree.fromstring(phone.fetch(f"/voice/turn?step=menu&n={nonce}", Digits="1"))
    redirect = answer.find("Redirect")
    assert redirect is not None
    assert redirect.text is not None
    assert phone.fetch(redirect.text.removeprefix(pizzeria.source.public_url)) == last


def test_a_turn_of_an_unknown_call_begins_it(pizzeria: Pizzeria, phone: Telephone) -> None:
    assert b"automated assistant" in phone.fetch("/voice/turn?step=confirm&n=4", Digits="1")
    assert pizzeria.orders() == []


def test_another_call_starts_empty(pizzeria: Pizzeria, phone: Telephone) -> None:
    _until_read_back(phone)
    other = pizzeria.phone()
    assert "To place an order, press 1." in other.dial()
    other.press("1")
    assert "Your order is empty." in other.press("0")


def test_a_number_that_nobody_has(pizzeria: Pizzeria) -> None:
    phone = pizzeria.phone(called="+12125550199")
    assert phone.dial() == "This number is not in service at the moment. Goodbye."
    assert phone.over
    assert pizzeria.calls() == []
    assert _alerts(pizzeria) == ["calls.unroutable"]


@pytest.mark.parametrize("called", ["", "anonymous", "12", "+"])
def test_a_called_number_that_is_none(pizzeria: Pizzeria, called: str) -> None:
    assert "not in service" in pizzeria.phone(called=called).dial()


def test_a_source_of_another_merchant_does_not_reach_this_one(pizzeria: Pizzeria) -> None:
    other = create_merchant(pizzeria.worker, "Mario's")
    foreign = make_source(pizzeria.worker, "twilio", scope=other)
    phone = Telephone(pizzeria.app.test_client(), foreign)
    assert "not in service" in phone.dial()
    assert pizzeria.calls() == []


def test_a_suspended_merchant(pizzeria: Pizzeria, phone: Telephone) -> None:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        session.execute(update(Merchant).values(status="suspended"))
    assert phone.dial() == "Luigi's Pizza cannot take calls here at the moment. Please try again later. Goodbye."
    assert phone.over


def test_a_forged_signature_gets_no_document(pizzeria: Pizzeria, phone: Telephone) -> None:
    params = {"CallSid": phone.call_sid, "To": phone.called, "From": phone.caller}
    delivery = twilio_delivery(pizzeria.source, params, below="/voice", token="another-token-of-nobody")
    answer = phone.client.post(delivery.path, data=delivery.body, headers=delivery.headers)
    assert answer.status_code == 400
    assert answer.get_json()["code"] == "WEBHOOK_SIGNATURE_INVALID"
    assert (
        phone.client.post("/webhooks/twilio/unknown/voice", data="CallSid=1", headers=delivery.headers).status_code
        == 404
    )
    assert pizzeria.calls() == []


def test_a_fault_is_an_apology_and_leaves_nothing_behind(pizzeria: Pizzeria, phone: Telephone, admin_url: str) -> None:
    """The turn cannot be written: nothing of it stays, the caller hears an apology, an operator is told."""
    below = "/voice" + _until_read_back(phone)
    _execute(admin_url, "alter table app.call_turns add constraint broken check (nonce < 3)")
    try:
        assert phone.fetch(below, Digits="1") == voice_routes.APOLOGY
    finally:
        _execute(admin_url, "alter table app.call_turns drop constraint broken")
    assert pizzeria.orders() == []
    assert pizzeria.texts() == []
    assert _alerts(pizzeria) == ["calls.fault"]
    assert b"is placed" in phone.fetch(below, Digits="1")


def test_no_database_is_an_apology(pizzeria: Pizzeria, phone: Telephone, admin_url: str) -> None:
    phone.dial()
    pizzeria.app.extensions["database"].dispose()  # it makes new connections when it can
    _execute(admin_url, "alter role cw_web nologin")
    try:
        assert "something does not work at the moment" in phone.press("1")
        assert phone.over
    finally:
        _execute(admin_url, "alter role cw_web login")


def test_an_endless_call_ends(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        state = session.scalars(select(Call.state)).one()
        session.execute(update(Call).values(state=state | {"turns": dialogue.MAX_TURNS - 1}))
    phone.press("0")
    assert phone.over


def test_nothing_readable_is_stored(pizzeria: Pizzeria, admin_url: str) -> None:
    phone = pizzeria.phone(caller="anonymous", extra={"ForwardedFrom": "+12125550177"})
    phone.dial()
    phone.speak("a cola for secretive jane")
    phone.press("0")
    phone.press("1")
    phone.press("4155550123")
    connection = psycopg2.connect(admin_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from app.call_turns")
        assert cursor.fetchone() == (5,)
        for table in ("app.calls", "app.call_turns", "app.callers", "audit.outbox", "app.messages"):
            cursor.execute(f"select t::text from {table} t")
            everything = "".join(row for (row,) in cursor.fetchall())
            for secret in ("4155550123", "2125550177", "secretive", b"secretive".hex(), b"4155550123".hex()):
                assert secret not in everything, table
    connection.close()


def test_turns_of_another_merchant_are_out_of_reach(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    other = create_merchant(pizzeria.worker, "Mario's")
    with pizzeria.worker.database.unit_of_work(other) as session:
        assert session.scalars(select(CallTurn)).all() == []


def _alerts(pizzeria: Pizzeria) -> list[str]:
    with pizzeria.worker.database.unit_of_work(SystemScope("alerts")) as session:
        return list(session.scalars(select(Alert.rule)))


def _execute(admin_url: str, statement: str) -> None:
    connection = psycopg2.connect(admin_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
