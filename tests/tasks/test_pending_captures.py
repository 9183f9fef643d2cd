"""A capture that PayPal holds back: asked about until its end, whether or not its events come, and in either order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Text, select, update

from callwaiting.core import clock
from callwaiting.features.alerts.models import Alert
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import asking
from callwaiting.features.payments.models import Checkout
from tasks.payments import ask_about_payments
from tests.tasks.test_handlers import PAID, UNPAID, World, server, world

__all__ = ["server", "world"]  # fixtures


@pytest.fixture
def pending(world: World) -> World:
    """An order whose payer has approved, and whose capture PayPal holds back."""
    world.pay(f"paypal/orders/{world.open('paypal')}/approve", capture_status="PENDING")
    (approved,) = world.events("paypal")
    assert world.handle(approved) == "done"
    world.perform_capture()
    with world.worker.database.unit_of_work(world.payable.scope) as session:  # as the outbox notes it
        session.execute(update(Effect).where(Effect.kind == "paypal.capture").values(state="done"))
    return world


def capture_id(world: World) -> str:
    (pending,) = (event for event in world.events("paypal") if event.event_type == "PAYMENT.CAPTURE.PENDING")
    return pending.object_key


def asked_in(world: World) -> timedelta:
    """In how long PayPal is asked about the capture."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        ask_at = session.scalars(select(Checkout.ask_at)).one()
    assert ask_at is not None
    return ask_at - clock.now()


def planned(world: World) -> int:
    """How many questions were planned."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        return len(session.scalars(select(Effect.id).where(Effect.kind == asking.EFFECT)).all())


def ask(world: World) -> bool:
    """The time for a question comes, and PayPal is asked; False when it is no longer wanted."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        session.execute(update(Checkout).where(Checkout.ask_at.is_not(None)).values(ask_at=clock.now()))
    before = planned(world)
    ask_about_payments(world.worker)
    if planned(world) == before:
        return False
    world.perform(asking.EFFECT)
    with world.worker.database.unit_of_work(world.payable.scope) as session:  # the next minute has come
        session.execute(update(Effect).where(Effect.kind == asking.EFFECT).values(effect_key=Effect.id.cast(Text)))
    return True


def checkout_state(world: World) -> str:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        return session.scalars(select(Checkout.state)).one()


def aged(world: World, age: timedelta) -> None:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        session.execute(update(Checkout).values(created_at=clock.now() - age))


def test_it_is_asked_about_after_as_long_as_it_has_waited(pending: World) -> None:
    waits = [asked_in(pending)]
    for age in (timedelta(minutes=10), timedelta(days=2)):
        aged(pending, age)
        assert ask(pending)
        waits.append(asked_in(pending))
    assert [round(wait.total_seconds() / 60) for wait in waits] == [1, 10, 360]
    assert pending.state() == UNPAID
    with pending.worker.database.unit_of_work(pending.payable.scope) as session:
        assert session.scalars(select(Alert.rule)).all() == []


@pytest.mark.parametrize("first", ["the answer", "the event"])
def test_completed_in_either_order_pays_once(pending: World, first: str) -> None:
    pending.pay(f"paypal/captures/{capture_id(pending)}/complete")
    completed = pending.events("paypal")[-1]
    if first == "the answer":
        assert ask(pending)
        assert pending.state() == PAID
        pending.handle(completed)
    else:
        assert pending.handle(completed) == "done"
        assert not ask(pending)
    assert pending.state() == PAID
    assert checkout_state(pending) == "completed"


@pytest.mark.parametrize("first", ["the answer", "the event"])
def test_denied_in_either_order_lets_the_payer_choose_again(pending: World, first: str) -> None:
    pending.pay(f"paypal/captures/{capture_id(pending)}/deny")
    denied = pending.events("paypal")[-1]
    if first == "the answer":
        assert ask(pending)
        assert pending.handle(denied) == "ignored"
    else:
        assert pending.handle(denied) == "done"
        assert not ask(pending)
    assert pending.state() == UNPAID
    assert checkout_state(pending) == "failed"
    assert not ask(pending)


def test_an_order_does_not_expire_while_its_money_may_still_come(pending: World) -> None:
    worker, payable = pending.worker, pending.payable
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Order).values(expires_at=clock.now() - timedelta(minutes=1)))
    with worker.database.unit_of_work(payable.scope) as session:
        assert orders.expire(session, payable.order_id) == "kept"
    pending.pay(f"paypal/captures/{capture_id(pending)}/deny")
    ask(pending)
    with worker.database.unit_of_work(payable.scope) as session:
        assert orders.expire(session, payable.order_id) == "expired"


def test_after_a_month_a_person_looks(pending: World) -> None:
    aged(pending, timedelta(days=31))
    assert not ask(pending)
    assert checkout_state(pending) == "failed"
    with pending.worker.database.unit_of_work(pending.payable.scope) as session:
        assert session.scalars(select(Alert.rule)).all() == [asking.PENDING]
    pending.pay(f"paypal/captures/{capture_id(pending)}/complete")
    assert pending.handle(pending.events("paypal")[-1]) == "done"
    assert pending.state() == PAID  # its order was still waiting
