"""Whole calls that order, through the real routes with real signatures."""

from __future__ import annotations

import pytest

from callwaiting.features.callers import service as callers
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.orders import service as orders
from tests.factories.telephone import CALLER, Telephone, amounts
from tests.features.calls.conftest import Pizzeria

# 2 x 12.50 + 3.00 = 28.00; 8.25 % of 25.00 is 2.0625, of 3.00 is 0.2475.
TOTAL = 2500 + 206 + 300 + 25


def test_an_order_by_keys_alone(pizzeria: Pizzeria, phone: Telephone) -> None:
    heard = phone.dial()
    assert heard.startswith("Hello, this is the automated assistant of Luigi's Pizza.")
    assert "press 1" in heard
    assert phone.gather["numDigits"] == "1"
    heard = phone.press("1")
    assert "For Margherita pizza, $12.50, press 1." in heard
    assert "How many Margherita pizza" in phone.press("1")
    assert "numDigits" not in phone.gather
    assert "You have 2 Margherita pizza." in phone.press("2")
    phone.press("3")
    assert "You have 2 Margherita pizza, 1 Cola." in phone.press("1")
    heard = phone.press("0")
    assert "2 Margherita pizza at $12.50, $25.00." in heard
    assert "Tax is $2.31." in heard
    assert "The total is $30.31." in heard
    assert pizzeria.orders() == []
    heard = phone.press("1")
    assert phone.over
    assert "order number 1, $30.31" in heard
    [order] = pizzeria.orders()
    assert (order.state, order.total_minor, order.number) == ("awaiting_payment", TOTAL, 1)
    [(kind, status, body)] = pizzeria.texts()
    assert (kind, status) == ("payment_link", "planned")
    assert "$30.31" in body
    assert "http://callwaiting.test/p/" in body
    assert pizzeria.calls()[0].outcome == "order"


def test_an_order_in_one_sentence(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    assert "You have 2 Margherita pizza, 1 Cola." in phone.speak("Hi, I'd like two margheritas and a cola, please.")
    assert "The total is $30.31." in phone.speak("no, that's all")
    phone.speak("yes please")
    assert [order.total_minor for order in pizzeria.orders()] == [TOTAL]


def test_what_is_unclear_is_asked(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    assert "Which one do you mean? For Margherita pizza, $12.50, press 1." in phone.speak("two pizzas and a coke")
    heard = phone.speak("the pepperoni one")
    assert "You have 2 Pepperoni pizza, 1 Cola." in heard


def test_an_amount_out_of_range_is_asked_again(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    assert "How many Cola" in phone.speak("two hundred colas")
    assert "You have 12 Cola." in phone.speak("a dozen")


def test_no_at_the_read_back_changes_the_order(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("one margherita and one cola")
    phone.press("0")
    assert "take off the last item" in phone.speak("no")
    assert "The total is $13.53." in phone.press("2")
    phone.speak("nope")
    assert "Okay, let us start over." in phone.press("3")
    assert pizzeria.orders() == []
    phone.speak("a cola")
    assert "The total is $3.25." in phone.speak("that's it")
    phone.press("1")
    assert [order.total_minor for order in pizzeria.orders()] == [325]


def test_a_price_that_changes_during_the_call(pizzeria: Pizzeria, phone: Telephone) -> None:
    """Nothing is placed for a total that the caller did not hear."""
    phone.dial()
    phone.speak("two margheritas and a cola")
    phone.press("0")
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        catalogue.update_item(session, pizzeria.items["Cola"], price_minor=400)
    heard = phone.press("1")
    assert "The price has just changed." in heard
    assert "The total is $31.39." in heard
    assert pizzeria.orders() == []
    phone.press("1")
    assert [order.total_minor for order in pizzeria.orders()] == [3139]


def test_a_deposit_is_said_asked_and_agreed(pizzeria: Pizzeria, phone: Telephone) -> None:
    pizzeria.deposit(basis_points=2000)
    phone.dial()
    phone.speak("two margheritas and a cola")
    heard = phone.press("0")
    assert "The total is $30.31. A deposit of $6.06 is due now, and $24.25 later." in heard
    pizzeria.deposit(basis_points=5000)  # during the call: nothing is placed for a deposit that was not heard
    heard = phone.press("1")
    assert "A deposit of $15.16 is due now, and $15.15 later." in heard
    assert pizzeria.orders() == []
    assert "$30.31 in all, is placed. We are texting you a link to pay the deposit of $15.16." in phone.press("1")
    [(kind, _, body)] = pizzeria.texts()
    assert kind == "deposit_link"
    assert amounts(body) == [3031, 1516, 1515]
    assert [(order.total_minor, order.deposit_minor) for order in pizzeria.orders()] == [(TOTAL, 1516)]


def test_an_item_that_sells_out_during_the_call(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("a margherita and a cola")
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        catalogue.update_item(session, pizzeria.items["Cola"], available=False)
    heard = phone.press("0")
    assert "I have taken it off." in heard
    assert "The total is $13.53." in heard
    assert "Cola" not in pizzeria.phone().dial()
    phone.press("1")
    assert [order.total_minor for order in pizzeria.orders()] == [1353]


@pytest.mark.parametrize("withheld", ["anonymous", "+266696687", ""])
def test_a_caller_without_a_number_is_asked_for_one(pizzeria: Pizzeria, withheld: str) -> None:
    phone = pizzeria.phone(caller=withheld)
    phone.dial()
    phone.speak("two margheritas and a cola")
    phone.press("0")
    assert "enter your mobile number" in phone.press("1")
    assert pizzeria.orders() == []
    assert "does not seem to be a phone number" in phone.press("123")
    assert "is placed" in phone.press("4155550123")
    assert [order.total_minor for order in pizzeria.orders()] == [TOTAL]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        assert pizzeria.orders()[0].caller_id == callers.remember(session, CALLER)
    assert "4155550123" not in str(pizzeria.calls()[0].state)


def test_bad_numbers_end_the_call(pizzeria: Pizzeria) -> None:
    phone = pizzeria.phone(caller="anonymous")
    phone.dial()
    phone.speak("a cola")
    phone.press("0")
    phone.press("1")
    phone.press("1")
    phone.press("12")
    assert "does not work by phone" in phone.press("123")
    assert phone.over
    assert pizzeria.orders() == []


def test_a_caller_who_stopped_texts_is_asked_before_an_order(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    assert "will not text you any more" in phone.speak("please stop texting me")
    phone.speak("a cola")
    phone.press("0")
    assert "To allow texts again, press 1" in phone.press("1")
    assert pizzeria.orders() == []
    phone.press("1")
    assert len(pizzeria.orders()) == 1
    assert [(kind, status) for kind, status, _ in pizzeria.texts()] == [("payment_link", "planned")]


def test_a_keyed_number_cannot_lift_its_owners_stop(pizzeria: Pizzeria) -> None:
    """An anonymous caller may key in anybody's number."""
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        consents.record_declaration(session, callers.remember(session, CALLER), "revoked", origin="sms")
    phone = pizzeria.phone(caller="anonymous")
    phone.dial()
    phone.speak("a cola")
    phone.press("0")
    phone.press("1")
    assert "no order was placed" in phone.press("4155550123")
    assert phone.over
    assert pizzeria.orders() == []
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session, pytest.raises(ConsentRevoked):
        consents.require_consent(session, callers.remember(session, CALLER))


def test_voice_and_link_and_text_carry_one_total(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("three fish and chips and two mac and cheese")
    heard = phone.press("0")
    spoken = amounts(heard)[-1]
    phone.press("1")
    [order] = pizzeria.orders()
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        summary = orders.summary(session, order.id)
        lines = [(line.name, line.quantity) for line in summary.quote.lines]
    assert lines == [("Fish & chips", 3), ("Mac and cheese", 2)]
    [(_, _, body)] = pizzeria.texts()
    assert [spoken] == [summary.total.minor] == amounts(body) == [order.total_minor]
