"""Provider events through their handlers, with the very bytes that the providers' stand-ins send."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx
import orjson
import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.calls.models import Call
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, Payment
from callwaiting.features.webhooks.service import NotYet, StoredEvent
from callwaiting.providers import paypal_signature, stripe_signature
from callwaiting.providers.ports import PayloadInvalid, ProviderRejected, SourceSecrets
from callwaiting.providers.registry import Providers, build_providers
from callwaiting.sandbox.app import sandbox_of
from callwaiting.sandbox.config import Config
from callwaiting.sandbox.server import SandboxServer
from tasks.effects import PERFORMERS
from tasks.webhook_handlers import HANDLERS
from tests.factories.payments import CALLER_NUMBER, SHOP_NUMBER, Payable, make_accounts, make_caller, make_payable

CREDENTIALS = {
    "stripe": {"api_keys": ["sk_test_of_the_tests"]},
    "paypal": {"client_id": "client-of-the-tests", "client_secret": "client-secret-of-the-tests"},
}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    made = SandboxServer(Config(), 0)
    sandbox_of(made.app).configure(CREDENTIALS)
    made.start()
    yield made
    made.stop()


class World:
    """One payable order, the stand-in providers, and a worker that takes their events in any order."""

    def __init__(self, server: SandboxServer, web: Runtime, worker: Runtime, providers: Providers, payable: Payable):
        self.server, self.web, self.worker, self.providers = server, web, worker, providers
        self.payable = payable

    def open(self, provider: str) -> str:
        """Start a checkout as the payment page does; its id at the provider."""
        payments.start_checkout(self.web.database, self.providers, self.payable.token, provider)
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return session.scalars(select(Checkout.provider_id).where(Checkout.provider == provider)).one() or ""

    def pay(self, path: str, **overrides: object) -> None:
        answer = httpx.post(f"{self.server.url}/_sandbox/{path}", json=overrides)
        assert answer.status_code == 200, answer.text

    def events(self, provider: str) -> list[StoredEvent]:
        """Everything that the provider has sent until now, in its order."""
        rows = sandbox_of(self.server.app).store.rows(f"{provider}.events")
        bodies = [orjson.dumps(row["object"] if provider == "stripe" else row) for row in rows]
        return [stripe_event(body) if provider == "stripe" else paypal_event(body) for body in bodies]

    def handle(self, event: StoredEvent) -> str:
        handler = HANDLERS.get((event.provider, event.event_type))
        if handler is None:
            return "no handler"
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return handler(session, event, self.providers)

    def perform_capture(self) -> None:
        self.perform("paypal.capture")

    def perform(self, kind: str) -> None:
        """What the outbox does with a planned effect about the checkout at PayPal."""
        performer = PERFORMERS[kind]
        database, scope = self.worker.database, self.payable.scope
        with database.unit_of_work(scope) as session:
            checkout_id = session.scalars(select(Checkout.id).where(Checkout.provider == "paypal")).one()
            request = performer.load(session, checkout_id)
        if request is None:
            return
        result = performer.call(self.providers, request, False)
        with database.unit_of_work(scope) as session:
            performer.record(session, checkout_id, result)

    def state(self) -> tuple[str, list[str], int]:
        """Of the order, of its payments, and how many receipts are planned."""
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            order = session.scalars(select(Order.state).where(Order.id == self.payable.order_id)).one()
            kept = list(session.scalars(select(Payment.state).order_by(Payment.id)))
            receipts = session.scalars(select(Message.id).where(Message.kind == "receipt")).all()
        return order, kept, len(receipts)


PAID = ("paid", ["settled"], 1)
UNPAID: tuple[str, list[str], int] = ("awaiting_payment", [], 0)
PARKED = ("awaiting_payment", ["parked"], 0)


@pytest.fixture
def world(
    server: SandboxServer, settings: Settings, web: Runtime, worker: Runtime, merchant: MerchantScope
) -> Iterator[World]:
    bases = {"stripe_api_base": f"{server.url}/stripe", "paypal_api_base": f"{server.url}/paypal"}
    make_accounts(worker, merchant)
    providers = build_providers(settings.model_copy(update=bases))
    yield World(server, web, worker, providers, make_payable(worker, merchant))
    httpx.post(f"{server.url}/_sandbox/reset", json={})


def stripe_event(raw: bytes) -> StoredEvent:
    event = stripe_signature.read_event(raw, SourceSecrets("test"))
    return _stored("stripe", event.event_type, event.object_key, raw)


def paypal_event(raw: bytes) -> StoredEvent:
    event = paypal_signature.read_event(raw)
    return _stored("paypal", event.event_type, event.object_key, raw)


def twilio_event(event_type: str, object_key: str, **form: str) -> StoredEvent:
    return _stored("twilio", event_type, object_key, urlencode(form).encode())


def _stored(provider: Any, event_type: str, object_key: str, raw: bytes) -> StoredEvent:
    return StoredEvent(
        id=new_id(),
        provider=provider,
        mode="test",
        account="",
        event_type=event_type,
        object_key=object_key,
        provider_event_id=f"evt_{new_id().hex}",
        occurred_at=None,
        seq=None,
        received_at=clock.now(),
        raw=raw,
    )


def test_a_stripe_payment_pays_the_order_whatever_comes_twice_or_backwards(world: World) -> None:
    session_id = world.open("stripe")
    world.pay(f"stripe/sessions/{session_id}/pay")
    events = world.events("stripe")
    assert {"checkout.session.completed", "payment_intent.succeeded"} <= {event.event_type for event in events}
    for event in [*reversed(events), *events]:
        world.handle(event)
    assert world.state() == PAID


@pytest.mark.parametrize("override", [{"amount_total": 1}, {"currency": "eur"}], ids=["amount", "currency"])
def test_a_stripe_payment_that_does_not_match_is_parked(world: World, override: dict[str, object]) -> None:
    world.pay(f"stripe/sessions/{world.open('stripe')}/pay", **override)
    for event in world.events("stripe"):
        world.handle(event)
    assert world.state() == PARKED


def test_a_bank_debit_pays_only_when_its_money_has_come(world: World) -> None:
    session_id = world.open("stripe")
    world.pay(f"stripe/sessions/{session_id}/pay", payment_status="unpaid")
    assert [world.handle(event) for event in world.events("stripe")] == ["ignored"]
    assert world.state() == UNPAID
    world.pay(f"stripe/sessions/{session_id}/succeed")
    for event in world.events("stripe"):
        world.handle(event)
    assert world.state() == PAID


def test_a_debit_that_fails_or_a_page_that_expires_lets_the_payer_start_anew(world: World) -> None:
    first = world.open("stripe")
    world.pay(f"stripe/sessions/{first}/expire")
    (expired,) = world.events("stripe")
    assert [world.handle(expired) for _ in range(2)] == ["done", "ignored"]
    payments.start_checkout(world.web.database, world.providers, world.payable.token, "stripe")
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        rows = session.execute(select(Checkout.state, Checkout.provider_id).order_by(Checkout.attempt)).all()
    assert [state for state, _ in rows] == ["expired", "open"]
    second = rows[1].provider_id
    world.pay(f"stripe/sessions/{second}/pay", payment_status="unpaid")
    world.pay(f"stripe/sessions/{second}/fail")
    assert world.handle(world.events("stripe")[-1]) == "done"
    assert world.state() == UNPAID


def test_completed_before_the_checkout_was_recorded_waits(world: World) -> None:
    session_id = world.open("stripe")
    world.pay(f"stripe/sessions/{session_id}/pay")
    (completed,) = [event for event in world.events("stripe") if event.event_type == "checkout.session.completed"]
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        session.execute(update(Checkout).values(state="claimed", provider_id=None))
    with pytest.raises(NotYet):
        world.handle(completed)
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        session.execute(update(Checkout).values(state="open", provider_id=session_id))
    assert world.handle(completed) == "done"
    assert world.state() == PAID


def test_the_mode_is_that_of_the_endpoint(world: World) -> None:
    world.pay(f"stripe/sessions/{world.open('stripe')}/pay")
    for event in world.events("stripe"):
        world.handle(replace(event, mode="live"))
    assert world.state() == PARKED


def test_a_paypal_payment_is_captured_and_paid_once(world: World) -> None:
    order_id = world.open("paypal")
    world.pay(f"paypal/orders/{order_id}/approve")
    (approved,) = world.events("paypal")
    assert [world.handle(approved) for _ in range(2)] == ["done", "ignored"]
    world.perform_capture()
    assert world.state() == PAID
    for event in reversed(world.events("paypal")):
        world.handle(event)
    assert world.state() == PAID


def test_paypals_capture_event_alone_pays_the_order(world: World) -> None:
    order_id = world.open("paypal")
    world.pay(f"paypal/orders/{order_id}/approve")
    world.providers.payments["paypal"].capture(order_id, account="", idempotency_key="lost-answer")
    for event in reversed(world.events("paypal")):
        world.handle(event)
    assert world.state() == PAID
    world.perform_capture()
    assert world.state() == PAID


@pytest.mark.parametrize(
    ("override", "state"),
    [
        ({"capture_value": "1.00"}, PARKED),
        ({"capture_currency": "EUR"}, PARKED),
        ({"capture_status": "PENDING"}, UNPAID),
        ({"capture_status": "DECLINED"}, UNPAID),
    ],
    ids=str,
)
def test_a_paypal_capture_that_is_not_what_was_asked(
    world: World, override: dict[str, object], state: tuple[str, list[str], int]
) -> None:
    world.pay(f"paypal/orders/{world.open('paypal')}/approve", **override)
    world.handle(world.events("paypal")[0])
    world.perform_capture()
    for event in world.events("paypal"):
        world.handle(event)
    assert world.state() == state


def test_paying_both_ways_charges_once(world: World) -> None:
    """Approved at PayPal and paid at Stripe: what is not captured needs no refund."""
    session_id, order_id = world.open("stripe"), world.open("paypal")
    world.pay(f"paypal/orders/{order_id}/approve")
    world.pay(f"stripe/sessions/{session_id}/pay")
    for event in [*world.events("paypal"), *world.events("stripe")]:
        world.handle(event)
    world.perform_capture()
    assert world.state() == PAID
    assert len(world.events("paypal")) == 1


def test_the_merchants_own_sales_are_ignored(world: World) -> None:
    world.open("stripe")
    sale = orjson.dumps(
        {
            "id": "evt_1",
            "object": "event",
            "type": "checkout.session.completed",
            "created": 1_700_000_000,
            "livemode": False,
            "data": {
                "object": {
                    "id": "cs_own", "object": "checkout.session", "amount_total": 5, "currency": "usd",
                    "payment_status": "paid", "payment_intent": "pi_own", "client_reference_id": "shop-17",
                }
            },
        }
    )  # fmt: skip
    assert world.handle(stripe_event(sale)) == "ignored"
    assert world.state() == UNPAID


def test_message_notices_move_the_text(world: World) -> None:
    scope, database = world.payable.scope, world.worker.database
    with database.unit_of_work(scope) as session:
        message_id = messages.plan_message(
            session,
            caller_id=world.payable.caller_id,
            phone_number_id=world.payable.phone_number_id,
            kind="receipt",
            message_key="receipt:1",
            body="Thank you!",
        )
    delivered = twilio_event("message.status", "SM1", MessageSid="SM1", MessageStatus="delivered")
    with pytest.raises(NotYet):
        world.handle(delivered)
    with database.unit_of_work(scope) as session:
        session.execute(update(Message).where(Message.id == message_id).values(provider_id="SM1", status="queued"))
    sent = twilio_event("message.status", "SM1", MessageSid="SM1", MessageStatus="sent")
    assert [world.handle(event) for event in (delivered, sent)] == ["done", "ignored"]


def test_a_text_that_comes_as_a_notice_is_honoured_once(world: World) -> None:
    event = twilio_event("message.received", "SM9", MessageSid="SM9", From=CALLER_NUMBER, To=SHOP_NUMBER, Body="STOP")
    assert [world.handle(event) for _ in range(2)] == ["done", "done"]
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        assert len(session.scalars(select(Message.id).where(Message.direction == "in")).all()) == 1
    foreign = twilio_event("message.received", "SM8", MessageSid="SM8", From=CALLER_NUMBER, To="+15005550999", Body="x")
    assert world.handle(foreign) == "ignored"


def test_call_notices_reach_the_call(world: World) -> None:
    scope, database = world.payable.scope, world.worker.database
    completed = twilio_event("call.status", "CA1", CallSid="CA1", CallStatus="completed")
    with pytest.raises(NotYet):
        world.handle(completed)
    with database.unit_of_work(scope) as session:
        session.add(_call(world, "CA1"))
    assert [world.handle(completed) for _ in range(2)] == ["done", "ignored"]


def _call(world: World, call_sid: str) -> Call:
    caller = make_caller(world.worker, world.payable.scope)
    return Call(
        merchant_id=world.payable.scope.merchant_id,
        call_sid=call_sid,
        phone_number_id=world.payable.phone_number_id,
        caller_id=caller,
    )


def test_a_settling_event_without_its_amount_fails_loudly(world: World) -> None:
    broken = orjson.dumps(
        {"id": "evt_2", "object": "event", "type": "checkout.session.completed", "created": 1, "livemode": False,
         "data": {"object": {"id": "cs_x", "object": "checkout.session"}}}
    )  # fmt: skip
    with pytest.raises(PayloadInvalid):
        world.handle(stripe_event(broken))


def close_page(world: World) -> None:
    """What the outbox does with the planned closing of Stripe's page."""
    performer, database, scope = PERFORMERS["stripe.expire"], world.worker.database, world.payable.scope
    with database.unit_of_work(scope) as session:
        checkout_id = session.scalars(select(Effect.subject_id).where(Effect.kind == "stripe.expire")).one()
        page = performer.load(session, checkout_id)
    if page is None:
        return
    try:
        performer.call(world.providers, page, False)
    except ProviderRejected as error:
        with database.unit_of_work(scope) as session:
            performer.reject(session, checkout_id, error)
    else:
        with database.unit_of_work(scope) as session:
            performer.record(session, checkout_id, None)


@pytest.mark.parametrize("paid_first", [False, True])
def test_a_cancelled_order_can_no_longer_be_paid_on_an_open_page(world: World, paid_first: bool) -> None:
    session_id = world.open("stripe")
    with world.web.database.unit_of_work(world.payable.scope) as session:
        orders.cancel(session, world.payable.order_id, 1)
    if paid_first:
        world.pay(f"stripe/sessions/{session_id}/pay")
    close_page(world)
    late = httpx.post(f"{world.server.url}/_sandbox/stripe/sessions/{session_id}/pay", json={})
    for event in world.events("stripe"):
        world.handle(event)

    assert late.status_code == 409
    assert world.state() == ("cancelled", ["parked"] if paid_first else [], 0)
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        assert session.scalars(select(Checkout.state)).one() == ("completed" if paid_first else "expired")
