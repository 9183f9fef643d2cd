"""Placing, paying and expiring orders."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts.models import Alert
from callwaiting.features.callers import service as callers
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import (
    AmountOutOfRange,
    ItemsUnavailable,
    LinesInvalid,
    OrderNotFound,
    TotalChanged,
)
from callwaiting.features.orders.models import STATES, Order
from callwaiting.features.orders.service import LineRequest, PlacedOrder
from callwaiting.features.orders.transitions import MOVES, Move, State, after
from callwaiting.features.payments.events import PaymentSettled
from callwaiting.features.payments.models import PaymentLink
from tasks.orders import expire_orders
from tests.factories.catalogue import create_menu
from tests.factories.merchants import create_merchant
from tests.factories.orders import CALLER, place
from tests.factories.phone_numbers import create_number


@dataclass
class Shop:
    worker: Runtime
    scope: MerchantScope
    items: dict[str, UUID]
    number_id: UUID

    def place(self, *lines: tuple[str, int], caller: str = CALLER) -> PlacedOrder:
        return place(self.worker, self.scope, self.number_id, self.lines(*lines), caller)

    def lines(self, *lines: tuple[str, int]) -> list[LineRequest]:
        return [LineRequest(self.items[name], quantity) for name, quantity in lines]

    def state(self, order_id: UUID) -> str:
        with self.worker.database.unit_of_work(self.scope) as session:
            return orders.summary(session, order_id).state

    def texts(self) -> list[tuple[str, str]]:
        with self.worker.database.unit_of_work(self.scope) as session:
            rows = session.scalars(select(Message).order_by(Message.id)).all()
            bodies = [keys.unseal(session, Place("messages", "body", row.id), row.body_sealed) for row in rows]
            return [(row.kind, body.decode()) for row, body in zip(rows, bodies, strict=True)]

    def settle(self, order_id: UUID, minor: int) -> None:
        with self.worker.database.unit_of_work(self.scope) as session:
            orders.on_payment_settled(session, PaymentSettled(order_id, uuid4(), Money(minor, "USD")))


@pytest.fixture
def shop(worker: Runtime, merchant: MerchantScope) -> Shop:
    return Shop(worker, merchant, create_menu(worker, merchant), create_number(worker, merchant))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["Cola", "Fish & chips", "Mac and cheese"]), st.integers(1, 30)),
        min_size=1,
        max_size=3,
    )
)
def test_one_total_everywhere(shop: Shop, wanted: list[tuple[str, int]]) -> None:
    with shop.worker.database.unit_of_work(shop.scope) as session:
        quoted = orders.quote(session, shop.lines(*wanted))
    placed = shop.place(*wanted)
    with shop.worker.database.unit_of_work(shop.scope) as session:
        summary = orders.summary(session, placed.id)
        link = session.scalars(select(PaymentLink).where(PaymentLink.order_id == placed.id)).one()
    assert summary.quote == quoted
    assert quoted.total == placed.total == summary.total == Money(link.amount_minor, link.currency)
    assert f"order {placed.number}, total {placed.total}." in shop.texts()[-1][1]


def test_inclusive_tax_is_not_added(worker: Runtime) -> None:
    scope = create_merchant(worker, "Chez Max", tax_inclusive=True)
    shop = Shop(worker, scope, create_menu(worker, scope), create_number(worker, scope))
    assert shop.place(("Cola", 1), ("Margherita pizza", 2)).total == Money(2800, "USD")


def test_numbers_have_neither_gaps_nor_twins(shop: Shop) -> None:
    class Undone(Exception):
        pass

    def place_and_undo() -> None:
        with shop.worker.database.unit_of_work(shop.scope) as session:
            caller_id = callers.remember(session, CALLER)
            orders.place_order(
                session,
                caller_id=caller_id,
                call_id=None,
                phone_number_id=shop.number_id,
                lines=shop.lines(("Cola", 1)),
            )
            raise Undone

    with pytest.raises(Undone):
        place_and_undo()
    with ThreadPoolExecutor(8) as pool:
        placed = list(pool.map(lambda n: shop.place(("Cola", 1), caller=f"+141555501{n}"), range(10, 26)))
    assert sorted(order.number for order in placed) == list(range(1, 17))


def test_each_merchant_counts_for_itself(shop: Shop) -> None:
    shop.place(("Cola", 1))
    scope = create_merchant(shop.worker, "Mario's")
    other = Shop(shop.worker, scope, create_menu(shop.worker, scope), create_number(shop.worker, scope, "+12125550101"))
    assert other.place(("Cola", 1)).number == 1
    with pytest.raises(ItemsUnavailable):
        place(shop.worker, scope, other.number_id, shop.lines(("Cola", 1)))


@pytest.mark.parametrize("quantities", [[], [0], [-1], [100], [60, 60]])
def test_lines_that_are_refused(shop: Shop, quantities: list[int]) -> None:
    with shop.worker.database.unit_of_work(shop.scope) as session, pytest.raises(LinesInvalid):
        orders.quote(session, shop.lines(*(("Cola", quantity) for quantity in quantities)))


@pytest.mark.parametrize(("price", "quantity"), [(10, 1), (0, 99), (99_999_999, 2)])
def test_totals_that_no_link_can_ask_for(shop: Shop, price: int, quantity: int) -> None:
    with shop.worker.database.unit_of_work(shop.scope) as session:
        catalogue.update_item(session, shop.items["Cola"], price_minor=price)
        with pytest.raises(AmountOutOfRange):
            orders.quote(session, shop.lines(("Cola", quantity)))


def test_another_total_than_agreed_places_nothing(shop: Shop) -> None:
    with shop.worker.database.unit_of_work(shop.scope) as session, pytest.raises(TotalChanged) as refused:
        orders.place_order(
            session,
            caller_id=callers.remember(session, CALLER),
            call_id=None,
            phone_number_id=shop.number_id,
            lines=shop.lines(("Cola", 1)),
            agreed=Money(324, "USD"),
        )
    assert refused.value.quote.total == Money(325, "USD")
    assert shop.texts() == []


def test_a_later_price_leaves_a_placed_order_alone(shop: Shop) -> None:
    placed = shop.place(("Cola", 2))
    with shop.worker.database.unit_of_work(shop.scope) as session:
        catalogue.update_item(session, shop.items["Cola"], price_minor=999, name="Cola zero")
    with shop.worker.database.unit_of_work(shop.scope) as session:
        summary = orders.summary(session, placed.id)
    assert (summary.total, summary.quote.lines[0].name) == (placed.total, "Cola")


def test_paid_once_with_one_receipt(shop: Shop) -> None:
    placed = shop.place(("Cola", 1))
    shop.settle(placed.id, 325)
    shop.settle(placed.id, 325)
    assert shop.state(placed.id) == "paid"
    assert [kind for kind, _ in shop.texts()] == ["payment_link", "receipt"]
    assert "we received $3.25 for order 1" in shop.texts()[1][1]
    assert _alerts(shop) == ["orders.unexpected_payment"]


@pytest.mark.parametrize("minor", [324, 326])
def test_another_amount_does_not_pay(shop: Shop, minor: int) -> None:
    placed = shop.place(("Cola", 1))
    shop.settle(placed.id, minor)
    assert shop.state(placed.id) == "awaiting_payment"
    assert _alerts(shop) == ["orders.unexpected_payment"]


def test_unpaid_orders_expire_and_paid_ones_do_not(shop: Shop) -> None:
    due, paid = shop.place(("Cola", 1)), shop.place(("Cola", 1))
    with clock.frozen(clock.now() + timedelta(hours=1)):
        fresh = shop.place(("Cola", 1))
    shop.settle(paid.id, 325)
    with clock.frozen(clock.now() + timedelta(hours=72, minutes=1)):
        expire_orders(shop.worker)
        expire_orders(shop.worker)
    assert [shop.state(order.id) for order in (due, paid, fresh)] == ["expired", "paid", "awaiting_payment"]
    shop.settle(due.id, 325)
    assert shop.state(due.id) == "expired"
    assert _alerts(shop) == ["orders.unexpected_payment"]


def test_an_order_of_another_merchant_is_not_there(shop: Shop) -> None:
    placed = shop.place(("Cola", 1))
    with (
        shop.worker.database.unit_of_work(create_merchant(shop.worker, "Mario's")) as session,
        pytest.raises(OrderNotFound),
    ):
        orders.summary(session, placed.id)


def test_the_table_of_transitions() -> None:
    assert {state.value for state in State} == set(STATES)
    for state in State:
        for move in Move:
            assert after(state, move) == MOVES.get((state, move))
    assert not any(after(State.CANCELLED, move) for move in Move)
    assert [move for move in Move if after(State.EXPIRED, move)] == [Move.RENEW]
    paid = {(state, move) for (state, move), new in MOVES.items() if new is State.PAID}
    assert paid == {
        (State.AWAITING_PAYMENT, Move.SETTLE),
        (State.AWAITING_REST, Move.SETTLE),
        (State.AWAITING_REST, Move.SETTLE_HERE),
        (State.DEPOSIT_PAID, Move.SETTLE_HERE),
        (State.PART_REFUNDED, Move.REFUND_NOTHING),
        (State.REFUNDED, Move.REFUND_NOTHING),
    }


def _alerts(shop: Shop) -> Sequence[str]:
    with shop.worker.database.unit_of_work(shop.scope) as session:
        return session.scalars(select(Alert.rule)).all()


def test_numbers_rise_by_creation(shop: Shop) -> None:
    shop.place(("Cola", 1))
    shop.place(("Cola", 2))
    with shop.worker.database.unit_of_work(shop.scope) as session:
        rows = session.scalars(select(Order).order_by(Order.id)).all()
    assert [row.number for row in rows] == [1, 2]
