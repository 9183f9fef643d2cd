"""Codes that callers name, over the real routes: one total everywhere, each use once, nothing told of what there is."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import delete, select, update

from callwaiting.core import clock
from callwaiting.features.orders import codes
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.models import DiscountCode
from callwaiting.features.orders.totals import Discount
from tests.factories.telephone import Telephone, amounts
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.paper_shop import NOW
from tests.features.calls.test_texts import write

TEN = Discount(basis_points=1000)
# 2 x 12.50 and 3.00 less 10 %: 22.50 and 2.70; 8.25 % of them are 1.856 and 0.223.
LESS = 2250 + 186 + 270 + 22


def make(pizzeria: Pizzeria, code: str, discount: Discount = TEN, *, max_uses: int | None = None) -> None:
    with pizzeria.app.extensions["database"].unit_of_work(pizzeria.scope) as session:
        codes.add(session, code, discount, active=True, ends_at=None, max_uses=max_uses, least_minor=2000)


def uses(pizzeria: Pizzeria) -> dict[str, int]:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return {row.code: row.uses for row in session.scalars(select(DiscountCode))}


def remove(pizzeria: Pizzeria) -> None:
    with pizzeria.app.extensions["database"].unit_of_work(pizzeria.scope) as session:
        session.execute(delete(DiscountCode))


def test_what_is_said_is_what_is_asked_for(pizzeria: Pizzeria, phone: Telephone) -> None:
    make(pizzeria, "SUMMER-10")
    phone.dial()
    phone.speak("two margheritas and a cola")
    heard = phone.speak("and I have a code, summer ten")
    assert "The code SUMMER-10 takes 10 percent off orders of $20.00 or more." in heard
    heard = phone.speak("that's all")
    assert "The code SUMMER-10 takes $2.80 off." in heard
    assert amounts(heard)[-1] == LESS
    assert uses(pizzeria) == {"SUMMER-10": 0}
    path = phone.below()
    heard = phone.speak("yes")
    assert "$27.28 in all, is placed" in heard
    assert phone.fetch(path, SpeechResult="yes") == phone.document  # the same request again
    [order] = pizzeria.orders()
    assert (order.total_minor, order.discount_minor, order.discount_code) == (LESS, 280, "SUMMER-10")
    assert (order.discount_basis_points, uses(pizzeria)) == (1000, {"SUMMER-10": 1})
    [(_, _, text)] = pizzeria.texts()
    assert amounts(text) == [LESS]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        quote = orders.summary(session, order.id).quote  # of which page and receipt are made
        assert (quote.total.minor, quote.discount.minor) == (LESS, 280)


def test_a_code_that_ends_before_the_yes(pizzeria: Pizzeria, phone: Telephone) -> None:
    make(pizzeria, "SUMMER10")
    phone.dial()
    phone.speak("two margheritas and a cola with the code SUMMER10")
    phone.press("0")
    remove(pizzeria)
    heard = phone.press("1")
    assert "the code SUMMER10 is not good any more" in heard
    assert "The total is $30.31." in heard
    assert pizzeria.orders() == []
    phone.press("1")
    assert [(order.total_minor, order.discount_code) for order in pizzeria.orders()] == [(3031, "")]


def test_an_order_that_is_too_small_does_not_use_it(pizzeria: Pizzeria, phone: Telephone) -> None:
    make(pizzeria, "SUMMER10")
    phone.dial()
    phone.speak("a cola with the code SUMMER10")
    heard = phone.press("0")
    assert "The code SUMMER10 is good from $20.00 on, so it takes nothing off yet." in heard
    assert "$3.25 in all, is placed" in phone.press("1")
    assert uses(pizzeria) == {"SUMMER10": 0}


def test_of_two_calls_one_gets_the_last_use(pizzeria: Pizzeria) -> None:
    make(pizzeria, "SUMMER10", max_uses=1)
    phones = [pizzeria.phone(caller=f"+1415555012{number}") for number in range(3)]
    for phone in phones:
        phone.dial()
        phone.speak("two margheritas and a cola, code SUMMER10")
        assert "The total is $27.28." in phone.press("0")
    heard: list[str] = []
    threads = [threading.Thread(target=lambda phone=phone: heard.append(phone.press("1"))) for phone in phones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted("is placed" in each for each in heard) == [False, False, True]
    assert sum("is not good any more" in each and "The total is $30.31." in each for each in heard) == 2
    assert ([order.total_minor for order in pizzeria.orders()], uses(pizzeria)) == ([LESS], {"SUMMER10": 1})


@pytest.mark.parametrize("there", [True, False])
def test_what_is_over_is_not_told_from_what_never_was(pizzeria: Pizzeria, phone: Telephone, *, there: bool) -> None:
    if there:
        make(pizzeria, "SUMMER10", max_uses=1)
        with pizzeria.app.extensions["database"].unit_of_work(pizzeria.scope) as session:
            session.execute(update(DiscountCode).values(active=False))
    phone.dial()
    assert phone.speak("I have a code, summer ten").startswith("Sorry, this code is over, or I misheard it: SUMMER10")
    phone.speak("start over")
    phone.speak("code A B C D")
    assert "I cannot try any more codes now." in phone.speak("A B C E")
    make(pizzeria, "GOOD")
    assert "I cannot try any more codes now." in phone.speak("code GOOD")


def test_by_text(pizzeria: Pizzeria) -> None:
    make(pizzeria, "SUMMER10")
    with clock.frozen(NOW):
        [answer] = write(pizzeria, "2 margheritas and a cola, code summer10")
        assert "The code SUMMER10 takes 10 percent off orders of $20.00 or more. You have 2 Margherita" in answer
        [answer] = write(pizzeria, "done")
        assert "The code SUMMER10 takes $2.80 off." in answer
        assert amounts(answer)[-1] == LESS
        write(pizzeria, "ok")
    assert [(order.total_minor, order.discount_minor) for order in pizzeria.orders()] == [(LESS, 280)]
    assert uses(pizzeria) == {"SUMMER10": 1}
