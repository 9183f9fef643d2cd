"""Discounts and new links both make a new version of an order: one after the other, and at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.factory import Runtime
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import discounting, renewal
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import NotDiscountable
from callwaiting.features.orders.models import Order
from callwaiting.features.orders.totals import Discount
from callwaiting.features.payments import ledger
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, Payment, PaymentLink
from callwaiting.providers.ports import Settlement
from tests.api_client import ApiClient
from tests.factories.payments import Payable, make_accounts, make_payable

TENTH = Discount(basis_points=1000)


@pytest.fixture
def payable(worker: Runtime, owner: ApiClient) -> Payable:
    make_accounts(worker, owner.scope)
    return make_payable(worker, owner.scope)


def links(worker: Runtime, payable: Payable) -> list[tuple[int, int, bool]]:
    """Version, amount and whether it still works, of each link."""
    with worker.database.unit_of_work(payable.scope) as session:
        rows = session.scalars(select(PaymentLink).order_by(PaymentLink.order_version)).all()
        return [(row.order_version, row.amount_minor, row.revoked_at is None) for row in rows]


def run_out(worker: Runtime, payable: Payable, *, seen: bool) -> None:
    """The time is up; `seen` by the job."""
    ago = clock.now() - timedelta(minutes=1)
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Order).values(expires_at=ago))
        session.execute(update(PaymentLink).values(expires_at=ago))
    if seen:
        with worker.database.unit_of_work(payable.scope) as session:
            assert orders.expire(session, payable.order_id) == "expired"


def open_page(worker: Runtime, payable: Payable, version: int) -> str:
    """A payer is on Stripe's page of this version's link."""
    provider_id = f"cs_{version}_{new_id().hex}"
    with worker.database.unit_of_work(payable.scope) as session:
        link = session.scalars(select(PaymentLink).where(PaymentLink.order_version == version)).one()
        session.add(
            Checkout(
                merchant_id=payable.scope.merchant_id, id=new_id(), link_id=link.id, order_id=payable.order_id,
                provider="stripe", mode="test", account="", attempt=1, state="open", provider_id=provider_id,
            )
        )  # fmt: skip
    return provider_id


def settle(worker: Runtime, payable: Payable, page: str, minor: int) -> str:
    told = Settlement(page, f"pi_{new_id().hex}", "", "test", Money(minor, "USD"), settled=True)
    with worker.database.unit_of_work(payable.scope) as session:
        return payments.settle(session, told, provider="stripe")


def discount(runtime: Runtime, payable: Payable, version: int) -> None:
    with runtime.database.unit_of_work(payable.scope) as session:
        discounting.discount(session, payable.order_id, version, TENTH, reason="waited")


def renew(runtime: Runtime, payable: Payable, version: int) -> None:
    with runtime.database.unit_of_work(payable.scope) as session:
        renewal.renew(session, payable.order_id, version)


@pytest.mark.parametrize("first", ["discount", "renew"])
def test_one_after_the_other_the_last_link_asks_for_the_cheaper_total(
    worker: Runtime, web: Runtime, payable: Payable, first: str
) -> None:
    steps = [discount, renew] if first == "discount" else [renew, discount]
    pages = [open_page(worker, payable, 1)]
    for version, step in enumerate(steps, 1):
        step(web, payable, version)
        pages.append(open_page(worker, payable, version + 1))
    whole, cheap = payable.total.minor, 2436
    assert links(worker, payable) == [
        (1, whole, False), (2, cheap if first == "discount" else whole, False), (3, cheap, True),
    ]  # fmt: skip
    assert settle(worker, payable, pages[0], whole) == "parked"
    assert settle(worker, payable, pages[1], cheap) == "parked"
    assert settle(worker, payable, pages[2], cheap) == "settled"
    with worker.database.unit_of_work(payable.scope) as session:
        assert ledger.differences(session) == []
        assert session.scalars(select(Order.state)).one() == "paid"


@pytest.mark.parametrize("seen", [True, False])
def test_an_order_whose_time_is_up_is_renewed_before_it_is_discounted(
    worker: Runtime, web: Runtime, payable: Payable, seen: bool
) -> None:
    run_out(worker, payable, seen=seen)
    version = 2 if seen else 1
    with pytest.raises(NotDiscountable):
        discount(web, payable, version)
    renew(web, payable, version)
    discount(web, payable, version + 1)
    assert [amount for _, amount, works in links(worker, payable) if works] == [2436]


@pytest.mark.parametrize("seed", range(4))
def test_at_once_there_is_one_link_that_works_and_it_asks_for_what_is_due(
    worker: Runtime, web: Runtime, payable: Payable, seed: int
) -> None:
    """A discount, the business's and the payer's new link, the end of the time, and a payment by the first link."""
    page = open_page(worker, payable, 1)
    if seed % 2:
        run_out(worker, payable, seen=False)

    def ask() -> None:
        with web.database.unit_of_work(payable.scope) as session:
            renewal.ask_for_new_link(session, payable.order_id)

    def expire() -> None:
        with worker.database.unit_of_work(payable.scope) as session:
            orders.expire(session, payable.order_id)

    acts: list[Callable[[], object]] = [
        lambda: discount(web, payable, 1),
        lambda: renew(web, payable, 1),
        ask,
        expire,
        lambda: settle(worker, payable, page, payable.total.minor),
    ]
    acts = acts[seed:] + acts[:seed]
    ready, refused, failed = threading.Barrier(len(acts)), [], []

    def run(act: Callable[[], object]) -> None:
        ready.wait()
        try:
            act()
        except CallwaitingError as error:
            refused.append(error.reason)
        except BaseException as error:  # told below
            failed.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert not any(thread.is_alive() for thread in threads)
    assert failed == []
    working = [(version, amount) for version, amount, works in links(worker, payable) if works]
    with worker.database.unit_of_work(payable.scope) as session:
        order = session.scalars(select(Order)).one()
        payment = session.scalars(select(Payment)).one()
        keys = session.scalars(select(Message.message_key).where(Message.kind == "payment_link")).all()
        assert ledger.differences(session) == []
    assert working == [(order.version, order.due.minor)]
    assert len(keys) == len(set(keys)) == order.version
    fits: Any = (order.state, payment.state)
    assert fits in {("paid", "settled"), ("awaiting_payment", "parked"), ("expired", "parked")}
