"""Whole calls that order items with options, through the real routes, the catalogue of the database and its prices."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import update

from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.catalogue.models import ModifierOption
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.service import LineRequest
from tests.factories import pizzeria as menu
from tests.factories.telephone import Telephone
from tests.features.calls.conftest import Pizzeria


@pytest.fixture
def dishes(pizzeria: Pizzeria) -> menu.Pizzeria:
    """A `Pizza` of 10.00 with sizes and toppings, besides the plain menu."""
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        for item_id in (pizzeria.items["Margherita pizza"], pizzeria.items["Pepperoni pizza"]):
            catalogue.update_item(session, item_id, available=False)  # whose names would be unclear
        return menu.open_pizzeria(session)


def test_what_is_said_is_what_is_ordered_paid_for_and_shown(
    pizzeria: Pizzeria, dishes: menu.Pizzeria, phone: Telephone
) -> None:
    phone.dial()
    assert "You have 2 Pizza, Large, Extra cheese, without onions, 1 Cola." in phone.speak(
        "Hi, two large pizzas without onions and with extra cheese, and a coke please"
    )
    assert "You have 2 Pizza, Small, Extra cheese, without onions, 1 Cola." in phone.speak("make the pizza small")
    heard = phone.speak("that's all")
    # 2 x (10.00 - 1.00 + 1.00) = 20.00 and 3.00; 8.25 % of 20.00 is 1.65, of 3.00 is 0.2475.
    assert "2 Pizza, Small, Extra cheese, without onions at $10.00, $20.00." in heard
    assert "Tax is $1.90. The total is $24.90." in heard
    phone.press("1")

    [order] = pizzeria.orders()
    assert order.total_minor == 2490
    [(_, _, text)] = pizzeria.texts()
    link = re.search(r"/p/[\w-]+", text)
    assert link is not None
    page = pizzeria.app.test_client().get(link[0]).get_data(as_text=True)
    assert "2 × Pizza, Small, Extra cheese, without onions" in page
    assert page.count("$24.90") == 1
    assert "$24.90" in text


def test_an_option_that_runs_out_before_the_yes_is_told_and_asked(
    pizzeria: Pizzeria, dishes: menu.Pizzeria, phone: Telephone
) -> None:
    phone.dial()
    phone.speak("a large pizza with olives")
    phone.speak("that's all")
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        session.execute(update(ModifierOption).where(ModifierOption.name == "Olives").values(available=False))
    heard = phone.press("1")
    assert "Sorry, we are out of Olives." in heard
    assert pizzeria.orders() == []
    assert "1 Pizza, Large at $12.50, $12.50." in phone.speak("that's all")
    phone.press("1")
    assert [order.total_minor for order in pizzeria.orders()] == [1353]


def test_an_option_that_gets_dearer_before_the_yes_is_read_back_anew(
    pizzeria: Pizzeria, dishes: menu.Pizzeria, phone: Telephone
) -> None:
    phone.dial()
    phone.speak("a large pizza")
    phone.speak("that's all")
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        session.execute(update(ModifierOption).where(ModifierOption.name == "Large").values(price_delta_minor=500))
    heard = phone.press("1")
    assert "The price has just changed." in heard
    assert "1 Pizza, Large at $15.00" in heard
    assert pizzeria.orders() == []


def test_a_menu_that_changes_after_the_link_changes_nothing(
    pizzeria: Pizzeria, dishes: menu.Pizzeria, phone: Telephone
) -> None:
    phone.dial()
    phone.speak("a large pizza")
    phone.speak("that's all")
    phone.press("1")
    [order] = pizzeria.orders()
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        before = orders.summary(session, order.id).quote
        catalogue.update_item(session, dishes.pizza, price_minor=9900, group_ids=())
        assert orders.quote(session, [LineRequest(dishes.pizza, 1)]).total != before.total
        assert orders.summary(session, order.id).quote == before
