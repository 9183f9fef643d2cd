"""A capture that PayPal holds back: asked about until its end, whether or not its events come, and in either order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.features.alerts.models import Alert
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import polling
from callwaiting.features.payments.models import Checkout
from tasks.effects import PERFORMERS
from tests.tasks.test_handlers import PAID, UNPAID, World, server, world

__all__ = ["server", "world"]  # fixtures


@pytest.fixture
def pending(world: World) -> World:
    """An order whose payer has approved, and whose capture PayPal holds back."""
    world.pay(f"paypal/orders/{world.open('paypal')}/approve", capture_status="PENDING")
    (approved,) = world.events("paypal")
    assert world.handle(approved) == "done"
    world.perform_capture()
    return world


def capture_id(world: World) -> str:
    (pending,) = (event for event in world.events("paypal") if event.event_type == "PAYMENT.CAPTURE.PENDING")
    return pending.object_key


def planned(world: World) -> Sequence[timedelta]:
    """In how long each question about the capture is asked."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        rows = session.scalars(select(Effect).where(Effect.kind == polling.EFFECT).order_by(Effect.id)).all()
        return [row.next_at - clock.now() for row in rows]


def ask(world: World) -> bool:
    """What the outbox does with a planned question; False when it is no longer wanted."""
    performer = PERFORMERS[polling.EFFECT]
    database, scope = world.worker.database, world.payable.scope
    with database.unit_of_work(scope) as session:
        checkout_id: UUID = session.scalars(select(Checkout.id)).one()
        request = performer.load(session, checkout_id)
    if request is None:
        return False
    told = performer.call(world.providers, request, False)
    with database.unit_of_work(scope) as session:
        performer.record(session, checkout_id, told)
    return True


def checkout_state(world: World) -> str:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        return session.scalars(select(Checkout.state)).one()


def aged(world: World, age: timedelta) -> None:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        session.execute(update(Checkout).values(created_at=clock.now() - age))


def test_it_is_asked_about_after_as_long_as_it_has_waited(pending: World) -> None:
    assert len(planned(pending)) == 1
    for age in (timedelta(minutes=10), timedelta(days=2)):
        aged(pending, age)
        assert ask(pending)
    waits = [round(wait.total_seconds() / 60) for wait in planned(pending)]
    assert waits == [1, 10, 360]
    assert pending.state() == UNPAID


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
    count = len(planned(pending))
    assert not ask(pending)
    assert len(planned(pending)) == count


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
    assert ask(pending)
    assert checkout_state(pending) == "failed"
    with pending.worker.database.unit_of_work(pending.payable.scope) as session:
        assert session.scalars(select(Alert.rule).where(Alert.rule == polling.RULE)).all() == [polling.RULE]
    pending.pay(f"paypal/captures/{capture_id(pending)}/complete")
    assert pending.handle(pending.events("paypal")[-1]) == "done"
    assert pending.state() == PAID  # its order was still waiting
