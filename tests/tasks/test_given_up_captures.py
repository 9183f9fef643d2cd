"""A payment that was approved while PayPal was away: asked about until it is taken, or its order is free again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.features.alerts.models import Alert
from callwaiting.features.messages import service as messages
from callwaiting.features.outbox import drain
from callwaiting.features.outbox.models import Effect
from callwaiting.features.outbox.service import Performer
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import NothingToAsk, PaymentUnderway
from callwaiting.features.payments.models import Checkout
from tasks.effects import PERFORMERS
from tasks.payments import ask_about_payments
from tests.tasks.test_handlers import PAID, UNPAID, World, server, world

__all__ = ["server", "world"]  # fixtures
NO_TEXT: Performer[Any, Any] = replace(PERFORMERS[messages.EFFECT], load=lambda session, subject_id: None)
LATE, REFUSED = "payments.capture_late", "payments.capture_refused"


def away(world: World, times: int = 99) -> None:
    behaviours = {"api": {"paypal": {"fail_times": times}}}
    assert httpx.put(f"{world.server.url}/_sandbox/behaviours", json=behaviours).status_code == 200


def drain_paypal(world: World) -> None:
    """The outbox makes what is planned at PayPal, as often as it is tried before it is given up."""
    database, scope = world.worker.database, world.payable.scope
    for _ in range(12):
        with database.unit_of_work(scope) as session:
            session.execute(update(Effect).values(next_at=clock.now() - timedelta(seconds=1)))
        drain.drain(database, world.providers, {**PERFORMERS, messages.EFFECT: NO_TEXT}, budget_s=0.5)


def ask(world: World) -> None:
    """The time for a question comes, and PayPal is asked until it answers or the question is given up."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        session.execute(update(Checkout).values(ask_at=clock.now()))
    ask_about_payments(world.worker)
    drain_paypal(world)


def alerts(world: World) -> list[str]:
    """The rules of those that are open."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        return list(session.scalars(select(Alert.rule).where(Alert.state == "open").order_by(Alert.rule)))


def checkout_state(world: World) -> str:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        return session.scalars(select(Checkout.state)).one()


def effects(world: World) -> list[tuple[str, str]]:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        rows = select(Effect.kind, Effect.state).where(Effect.kind.like("paypal.%")).order_by(Effect.id)
        return [(kind, state) for kind, state in session.execute(rows)]


@pytest.fixture
def given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A payer has approved, and PayPal was away for so long that its capture was given up."""
    monkeypatch.setattr(drain, "ATTEMPTS_SECONDS", 0.0)  # one try at a time: the outbox waits between them
    world.pay(f"paypal/orders/{world.open('paypal')}/approve")
    (approved,) = world.events("paypal")
    assert world.handle(approved) == "done"
    away(world)
    drain_paypal(world)
    assert effects(world) == [("paypal.capture", "dead")]
    return world


def test_the_team_hears_of_it_once_and_it_is_taken_when_paypal_is_back(given_up: World) -> None:
    ask(given_up)
    assert effects(given_up)[-1] == ("paypal.look_up", "dead")
    assert alerts(given_up) == [LATE]  # one, which says what it is about, and none for each call
    assert checkout_state(given_up) == "approved"
    away(given_up, 0)
    with given_up.worker.database.unit_of_work(given_up.payable.scope) as session:
        session.execute(
            update(Effect).values(effect_key=Effect.effect_key + "-an hour ago").where(Effect.kind == "paypal.look_up")
        )
    ask(given_up)
    assert given_up.state() == PAID
    assert alerts(given_up) == []
    for event in given_up.events("paypal") * 2:
        given_up.handle(event)
    assert given_up.state() == PAID


def test_what_paypal_has_taken_though_we_gave_up_is_settled_once(given_up: World) -> None:
    away(given_up, 0)
    with given_up.worker.database.unit_of_work(given_up.payable.scope) as session:
        order_id = session.scalars(select(Checkout.provider_id)).one() or ""
    given_up.providers.payments["paypal"].capture(order_id, account="", idempotency_key="its answer was lost")
    ask(given_up)
    assert given_up.state() == PAID
    assert effects(given_up) == [("paypal.capture", "dead"), ("paypal.look_up", "done")]
    for event in given_up.events("paypal"):
        given_up.handle(event)
    assert given_up.state() == PAID


@pytest.mark.parametrize("told", ["the event", "the answer"])
def test_an_approval_that_has_lapsed_frees_its_order(given_up: World, told: str) -> None:
    away(given_up, 0)
    with given_up.worker.database.unit_of_work(given_up.payable.scope) as session:
        order_id = session.scalars(select(Checkout.provider_id)).one()
        with pytest.raises(PaymentUnderway):
            payments.require_none_underway(session, given_up.payable.order_id)
    given_up.pay(f"paypal/orders/{order_id}/lapse")
    if told == "the event":
        reversed_ = given_up.events("paypal")[-1]
        assert [given_up.handle(reversed_) for _ in range(2)] == ["done", "ignored"]
    ask(given_up)
    if told == "the answer":  # and its event comes late
        assert given_up.handle(given_up.events("paypal")[-1]) == "ignored"
    assert checkout_state(given_up) == "failed"
    assert alerts(given_up) == [REFUSED]
    assert given_up.state() == UNPAID
    with given_up.worker.database.unit_of_work(given_up.payable.scope) as session:
        payments.require_none_underway(session, given_up.payable.order_id)
    assert payments.start_checkout(given_up.web.database, given_up.providers, given_up.payable.token, "stripe")


def test_a_refusal_to_tell_frees_nothing(given_up: World) -> None:
    """With credentials that PayPal does not take any more, nobody knows what became of the money."""
    behaviours = {"api": {"paypal": {"fail_times": 99, "fail_status": 403}}}
    httpx.put(f"{given_up.server.url}/_sandbox/behaviours", json=behaviours)
    ask(given_up)
    assert effects(given_up)[-1] == ("paypal.look_up", "failed")
    assert (checkout_state(given_up), alerts(given_up)) == ("approved", [LATE])


def test_the_team_can_have_it_asked_at_once(given_up: World) -> None:
    database, payable = given_up.worker.database, given_up.payable
    away(given_up, 0)
    with database.unit_of_work(payable.scope) as session:
        for _ in range(2):
            payments.ask_now(session, payable.order_id)
    drain_paypal(given_up)
    assert given_up.state() == PAID
    assert [kind for kind, _ in effects(given_up)] == ["paypal.capture", "paypal.look_up", "paypal.capture"]
    with database.unit_of_work(payable.scope) as session, pytest.raises(NothingToAsk):
        payments.ask_now(session, payable.order_id)
