"""Disputes by the providers' events, whatever order and number they come in."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.alerts.models import Alert
from callwaiting.features.kpis import service as kpis
from callwaiting.features.payments import ledger
from callwaiting.features.payments.models import Dispute
from callwaiting.features.webhooks.service import NotYet, StoredEvent
from callwaiting.providers.ports import PayloadInvalid
from tests.tasks.test_handlers import World, paypal_event, server, stripe_event, world
from tests.tasks.test_refunds import pay

__all__ = ["server", "world"]  # fixtures
OUTCOMES = {"RESOLVED_SELLER_FAVOUR": "won", "RESOLVED_BUYER_FAVOUR": "lost", "RESOLVED_WITH_PAYOUT": "open"}


def stripe(payment_id: str, what: str, status: str, *, dispute_id: str = "du_1", currency: str = "usd") -> StoredEvent:
    dispute = {
        "id": dispute_id,
        "object": "dispute",
        "amount": 100,
        "currency": currency,
        "payment_intent": payment_id,
        "status": status,
        "reason": "fraudulent",
    }
    event_type = f"charge.dispute.{what}"
    body = {"id": f"evt_{what}_{status}", "object": "event", "type": event_type, "livemode": False, "created": 1}
    return stripe_event(orjson.dumps({**body, "data": {"object": dispute}}))


def paypal(payment_id: str, what: str, **changed: object) -> StoredEvent:
    dispute = {
        "dispute_id": "PP-D-1",
        "disputed_transactions": [{"seller_transaction_id": payment_id}],
        "dispute_amount": {"currency_code": "USD", "value": "10.00"},
        "status": "OPEN",
        "dispute_life_cycle_stage": "CHARGEBACK",
        **changed,
    }
    event_type = f"CUSTOMER.DISPUTE.{what}"
    body = {"id": f"WH-{what}", "event_type": event_type, "resource_type": "dispute", "resource": dispute}
    return paypal_event(orjson.dumps({**body, "create_time": "2026-11-01T10:00:00Z"}))


def left_on(session: Session) -> dict[str, int]:
    """What is left on each account. The day's revenue is what orders have kept by the ledger."""
    left = {row.account: row.debit - row.credit for row in ledger.balances(session)}
    today = clock.now().date()
    report = kpis.report(session, today - timedelta(days=1), today + timedelta(days=1))
    assert report.total.revenue.minor == -left["orders"]
    return left


def outcome(world: World) -> tuple[list[str], list[str], dict[str, int]]:
    """States of disputes, of their alerts, and the balances of the ledger; the order stays paid."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        assert ledger.differences(session) == []
        states = list(session.scalars(select(Dispute.state)))
        alerts = list(session.scalars(select(Alert.state).where(Alert.rule == "payments.disputed")))
        left = left_on(session)
    assert world.state()[0] == "paid"
    return states, alerts, {account: minor for account, minor in left.items() if minor}


@pytest.mark.parametrize("end", ["won", "lost"])
def test_news_of_a_dispute_ends_the_same_in_any_order(world: World, end: str) -> None:
    paid, total = pay(world, "stripe"), world.payable.total.minor
    for number, order in enumerate(permutations(("needs_response", "under_review", end))):
        for status in (*order, *order):
            world.handle(stripe(paid.payment_id, "updated", status, dispute_id=f"du_{number}"))
        states, alerts, balances = outcome(world)
        gone = total if end == "won" else total - (number + 1) * 100
        assert set(states) == {end}
        assert balances == {"stripe": gone, "orders": -gone}
        # One that is known by its end alone was won before anybody had to be alarmed.
        assert set(alerts) <= {"resolved" if end == "won" else "open"}


def test_an_inquiry_takes_no_money_and_an_open_dispute_does(world: World) -> None:
    paid, total = pay(world, "stripe"), world.payable.total.minor
    world.handle(stripe(paid.payment_id, "created", "warning_needs_response"))
    asked = outcome(world)
    world.handle(stripe(paid.payment_id, "funds_withdrawn", "needs_response"))

    assert asked == (["inquiry"], ["open"], {"stripe": total, "orders": -total})
    assert outcome(world) == (["open"], ["open"], {"stripe": total - 100, "orders": -total, "disputes": 100})


@pytest.mark.parametrize("code", OUTCOMES)
def test_a_dispute_at_paypal(world: World, code: str) -> None:
    paid, end = pay(world, "paypal"), OUTCOMES[code]
    world.handle(paypal(paid.payment_id, "CREATED", dispute_life_cycle_stage="INQUIRY"))
    begun = outcome(world)[0]
    world.handle(paypal(paid.payment_id, "UPDATED"))
    world.handle(paypal(paid.payment_id, "RESOLVED", status="RESOLVED", dispute_outcome={"outcome_code": code}))

    assert (begun, outcome(world)[0]) == (["inquiry"], [end])


def test_disputes_of_others_and_in_another_currency(world: World) -> None:
    paid = pay(world, "stripe")
    with pytest.raises(NotYet):
        world.handle(stripe("pi_unknown", "created", "needs_response"))
    assert world.handle(stripe("", "created", "needs_response")) == "ignored"
    with pytest.raises(PayloadInvalid):
        world.handle(stripe(paid.payment_id, "created", "needs_response", currency="eur"))
    assert outcome(world)[0] == []


# --- over HTTP, as the providers tell it ---------------------------------------------------------------------------


def heard(world: World, provider: str, since: int, order: str = "as sent") -> list[str]:
    """Handle what the provider has sent since, twice over; the states in which it left the disputes."""
    told = world.events(provider)[since:]
    if order == "backwards":
        told = told[::-1]
    elif order == "the refund first":
        told = sorted(told, key=lambda event: event.event_type != "PAYMENT.CAPTURE.REFUNDED")
    for event in told:
        for _ in range(2):
            world.handle(event)
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        assert ledger.differences(session) == []
        return list(session.scalars(select(Dispute.state).order_by(Dispute.id)))


def controlled(world: World, path: str, **body: object) -> dict[str, Any]:
    answer = httpx.post(f"{world.server.url}/_sandbox/{path}", json=body)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def balances(world: World) -> dict[str, int]:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        left = left_on(session)
    return {account: minor for account, minor in left.items() if minor}


@pytest.mark.parametrize("end", ["win", "lose"])
@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_from_its_opening_to_its_end(world: World, provider: str, end: str) -> None:
    paid, total = pay(world, provider), world.payable.total.minor
    began = len(world.events(provider))
    where = "payments" if provider == "stripe" else "captures"
    made = controlled(world, f"{provider}/{where}/{paid.payment_id}/dispute")
    assert heard(world, provider, began) == ["open"]
    assert balances(world) == {"disputes": total, "orders": -total}
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        deadline = session.scalars(select(Dispute.respond_by)).one()
    assert deadline is not None
    assert timedelta(days=6) < deadline - clock.now() < timedelta(days=8)

    controlled(world, f"{provider}/disputes/{made.get('id') or made['dispute_id']}/{end}")
    assert heard(world, provider, began) == ["won" if end == "win" else "lost"]
    assert balances(world) == ({provider: total, "orders": -total} if end == "win" else {})


@pytest.mark.parametrize("order", ["as sent", "backwards", "the refund first"])
@pytest.mark.parametrize("part", [None, "10.00"])
def test_a_lost_one_that_paypal_also_tells_of_as_a_refund_leaves_the_ledger_once(
    world: World, order: str, part: str | None
) -> None:
    paid, total = pay(world, "paypal"), world.payable.total.minor
    began = len(world.events("paypal"))
    made = controlled(world, f"paypal/captures/{paid.payment_id}/dispute", **({"value": part} if part else {}))
    controlled(world, f"paypal/disputes/{made['dispute_id']}/lose", refunded=True)
    assert heard(world, "paypal", began, order) == ["lost"]

    gone = 1000 if part else total
    assert balances(world) == ({"paypal": total - gone, "orders": gone - total} if total > gone else {})
    assert world.state()[1] == ["part_refunded" if part else "refunded"]


def test_a_refund_beside_a_dispute_of_another_amount_is_its_own(world: World) -> None:
    paid, total = pay(world, "paypal"), world.payable.total.minor
    began = len(world.events("paypal"))
    controlled(world, f"paypal/captures/{paid.payment_id}/dispute", value="10.00")
    controlled(world, f"paypal/captures/{paid.payment_id}/refund", amount={"currency_code": "USD", "value": "5.00"})
    assert heard(world, "paypal", began) == ["open"]
    assert balances(world) == {"paypal": total - 1500, "orders": 500 - total, "disputes": 1000}


def test_a_refund_during_a_dispute_that_is_then_won_was_a_refund(world: World) -> None:
    paid, total = pay(world, "paypal"), world.payable.total.minor
    began = len(world.events("paypal"))
    made = controlled(world, f"paypal/captures/{paid.payment_id}/dispute", value="10.00")
    controlled(world, f"paypal/captures/{paid.payment_id}/refund", amount={"currency_code": "USD", "value": "10.00"})
    controlled(world, f"paypal/disputes/{made['dispute_id']}/win")
    assert heard(world, "paypal", began) == ["won"]
    assert balances(world) == {"paypal": total - 1000, "orders": 1000 - total}
