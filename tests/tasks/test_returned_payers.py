"""Who comes back from PayPal with the signs of an approval is not believed: PayPal is asked."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import PaymentUnderway
from callwaiting.features.payments.models import Checkout
from tests.tasks.test_handlers import PAID, UNPAID, World, server, world

__all__ = ["server", "world"]  # fixtures


def come_back(world: World) -> str:
    """The id of an order at PayPal whose payer opens the page with the signs of an approval."""
    order_id = world.open("paypal")
    for _ in range(2):
        with world.web.database.unit_of_work(world.payable.scope) as session:
            payments.came_back(session, order_id)
    return order_id


def planned(world: World) -> list[str]:
    """The calls to PayPal that were planned, in their order."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        kinds = select(Effect.kind).where(Effect.kind.startswith("paypal.")).order_by(Effect.id)
        return list(session.scalars(kinds))


def test_a_made_up_return_holds_nothing(world: World) -> None:
    come_back(world)
    world.perform("paypal.look_up")

    assert planned(world) == ["paypal.look_up"]
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        assert session.scalars(select(Checkout.state)).one() == "open"
        payments.require_none_underway(session, world.payable.order_id)
    assert payments.start_checkout(world.web.database, world.providers, world.payable.token, "stripe")


@pytest.mark.parametrize("told_first", [False, True])
def test_a_true_one_is_captured_once(world: World, told_first: bool) -> None:
    world.pay(f"paypal/orders/{come_back(world)}/approve")
    (approved,) = world.events("paypal")
    if told_first:
        world.handle(approved)
    world.perform("paypal.look_up")
    assert planned(world) == ["paypal.look_up", "paypal.capture"]
    world.perform_capture()
    for event in world.events("paypal"):
        world.handle(event)

    assert world.state() == PAID
    assert planned(world) == ["paypal.look_up", "paypal.capture"]


def test_a_capture_that_was_given_up_is_made_when_its_event_is_replayed(world: World) -> None:
    world.pay(f"paypal/orders/{world.open('paypal')}/approve")
    (approved,) = world.events("paypal")
    assert (world.handle(approved), world.handle(approved)) == ("done", "ignored")
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        session.execute(update(Effect).where(Effect.kind == "paypal.capture").values(state="dead"))
        with pytest.raises(PaymentUnderway):
            payments.require_none_underway(session, world.payable.order_id)
    assert world.state() == UNPAID

    assert (world.handle(approved), world.handle(approved)) == ("done", "ignored")
    assert planned(world) == ["paypal.capture", "paypal.capture"]
    world.perform_capture()
    assert world.state() == PAID
