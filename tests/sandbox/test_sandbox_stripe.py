"""The Stripe stand-in, used by the official client and checked by the official verifier."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import httpx
import pytest
import stripe

from callwaiting.sandbox.stripe_forms import BadForm, parse
from tests.sandbox.conftest import CONNECT_SECRET, CONNECTED, STRIPE_KEY, STRIPE_SECRET, Control, Listener, Received


@pytest.fixture
def client(control: Control) -> stripe.StripeClient:
    return _client(control)


def _client(control: Control, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(
        STRIPE_KEY,
        base_addresses={"api": f"{control.url}/stripe"},
        max_network_retries=retries,
        http_client=stripe.RequestsClient(timeout=5),
    )


def _params(name: str = "Margherita", amount: int = 950) -> Any:
    return {
        "mode": "payment",
        "success_url": "http://shop.test/thanks?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://shop.test/p/1",
        "client_reference_id": "order-1",
        "metadata": {"order": "1"},
        "payment_intent_data": {"metadata": {"order": "1"}},
        "line_items": [
            {
                "quantity": 2,
                "price_data": {"currency": "usd", "unit_amount": amount, "product_data": {"name": name}},
            },
            {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 160, "product_data": {"name": "Tax"}}},
        ],
    }


def _event(received: Received, secret: str) -> dict[str, Any]:
    stripe.WebhookSignature.verify_header(received.raw.decode(), received.headers["stripe-signature"], secret, 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(received.raw.decode() + " ", received.headers["stripe-signature"], secret)
    event: dict[str, Any] = json.loads(received.raw)
    return event


def test_session_is_paid_and_the_signed_events_say_so(
    client: stripe.StripeClient, control: Control, listener: Listener
) -> None:
    session = client.v1.checkout.sessions.create(_params())
    assert (session.amount_total, session.currency, session.status, session.payment_status) == (
        2060,
        "usd",
        "open",
        "unpaid",
    )
    assert session.url is not None
    assert session.url.startswith(f"{control.url}/stripe/pay/cs_test_")
    control.post(f"stripe/sessions/{session.id}/pay")
    events = {event["type"]: event for event in (_event(r, STRIPE_SECRET) for r in listener.wait(3, "/stripe"))}
    assert set(events) == {"checkout.session.completed", "payment_intent.succeeded", "charge.succeeded"}
    completed = events["checkout.session.completed"]
    assert (completed["livemode"], completed["object"], "account" in completed) == (False, "event", False)
    shown = completed["data"]["object"]
    assert (shown["id"], shown["payment_status"], shown["client_reference_id"]) == (session.id, "paid", "order-1")
    again = client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge", "line_items"]})
    assert isinstance(again.payment_intent, stripe.PaymentIntent)
    assert isinstance(again.payment_intent.latest_charge, stripe.Charge)
    assert (again.payment_intent.amount_received, again.payment_intent.metadata["order"]) == (2060, "1")
    assert again.url is None
    assert listener.at("/connect") == []
    twice = control.client.post(f"{control.url}/_sandbox/stripe/sessions/{session.id}/pay")
    assert twice.status_code == 409


def test_connected_accounts_are_apart(client: stripe.StripeClient, control: Control, listener: Listener) -> None:
    session = client.v1.checkout.sessions.create(_params(), {"stripe_account": CONNECTED})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.retrieve(session.id)
    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    control.post(f"stripe/sessions/{session.id}/pay")
    events = [_event(received, CONNECT_SECRET) for received in listener.wait(3, "/connect")]
    assert {event["account"] for event in events} == {CONNECTED}
    assert listener.at("/stripe") == []
    assert list(client.v1.events.list().data) == []
    assert len(client.v1.events.list({}, {"stripe_account": CONNECTED}).data) == 3


def test_same_idempotency_key_gives_the_same_answer_once(client: stripe.StripeClient, control: Control) -> None:
    first = client.v1.checkout.sessions.create(_params(), {"idempotency_key": "order:1"})
    second = client.v1.checkout.sessions.create(_params(), {"idempotency_key": "order:1"})
    assert first.id == second.id
    assert second.last_response is not None
    assert second.last_response.headers is not None
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(_params(amount=951), {"idempotency_key": "order:1"})
    [effect] = control.get("effects")["effects"]
    assert (effect["key"], effect["asked"], effect["count"]) == ("order:1", 3, 1)


def test_errors_are_replayed_too(client: stripe.StripeClient) -> None:
    for replayed in (None, "true"):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create({"payment_intent": "pi_unknown"}, {"idempotency_key": "refund:1"})
        assert caught.value.headers is not None
        assert caught.value.headers.get("Idempotent-Replayed") == replayed


def test_lost_answer_is_made_good_by_the_same_key(control: Control) -> None:
    control.put("behaviours", {"api": {"stripe": {"drop_after_effect": 1}}})
    session = _client(control, retries=1).v1.checkout.sessions.create(_params())
    [effect] = control.get("effects")["effects"]
    assert (effect["asked"], effect["count"]) == (2, 1)
    assert [shown["id"] for shown in control.get("stripe/sessions")["sessions"]] == [session.id]


def test_injected_failures_have_no_effect(client: stripe.StripeClient, control: Control) -> None:
    control.put("behaviours", {"api": {"stripe": {"fail_times": 2, "fail_status": 503}}})
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            client.v1.checkout.sessions.create(_params())
        assert caught.value.http_status == 503
    assert control.get("effects")["effects"] == []
    assert client.v1.checkout.sessions.create(_params()).status == "open"


def test_refunds_stop_at_what_was_paid(client: stripe.StripeClient, control: Control, listener: Listener) -> None:
    session = client.v1.checkout.sessions.create(_params())
    intent = control.post(f"stripe/sessions/{session.id}/pay")["payment_intent"]
    assert client.v1.refunds.create({"payment_intent": intent, "amount": 60}).status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": intent, "amount": 2001})
    assert client.v1.refunds.create({"payment_intent": intent}).amount == 2000
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent})
    assert caught.value.code == "charge_already_refunded"
    types = [_event(received, STRIPE_SECRET)["type"] for received in listener.wait(7, "/stripe")]
    assert types.count("charge.refunded") == types.count("refund.created") == 2


def test_events_are_listed_newest_first_over_pages(client: stripe.StripeClient, control: Control) -> None:
    for _ in range(3):
        control.post(f"stripe/sessions/{client.v1.checkout.sessions.create(_params()).id}/pay")
    page = client.v1.events.list({"limit": 4, "created": {"gte": int(time.time()) - 60}})
    assert (len(page.data), page.has_more) == (4, True)
    everything = list(page.auto_paging_iter())
    assert len({event.id for event in everything}) == len(everything) == 9
    assert everything[0].type == "charge.succeeded"
    assert client.v1.events.retrieve(everything[-1].id).type == "checkout.session.completed"
    assert client.v1.events.list({"created": {"gt": int(time.time()) + 60}}).data == []
    completed = client.v1.events.list({"types": ["checkout.session.completed"], "limit": 2})
    assert (len(completed.data), completed.has_more) == (2, True)


def test_bad_days_at_the_checkout(client: stripe.StripeClient, control: Control, listener: Listener) -> None:
    wrong = client.v1.checkout.sessions.create(_params())
    control.post(f"stripe/sessions/{wrong.id}/pay", {"amount_total": 1, "currency": "eur"})
    events = [_event(received, STRIPE_SECRET) for received in listener.wait(3, "/stripe")]
    [shown] = [event["data"]["object"] for event in events if event["type"] == "checkout.session.completed"]
    assert (shown["amount_total"], shown["currency"]) == (1, "eur")
    late = client.v1.checkout.sessions.create(_params())
    assert control.post(f"stripe/sessions/{late.id}/pay", {"payment_status": "unpaid"})["payment_status"] == "unpaid"
    assert control.post(f"stripe/sessions/{late.id}/succeed")["payment_status"] == "paid"
    declined = client.v1.checkout.sessions.create(_params())
    assert control.post(f"stripe/sessions/{declined.id}/decline")["status"] == "open"
    assert client.v1.checkout.sessions.expire(declined.id).status == "expired"
    types = [_event(received, STRIPE_SECRET)["type"] for received in listener.wait(10, "/stripe")][3:]
    assert sorted(types) == [
        "charge.failed",
        "charge.succeeded",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
    ]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"surprise": "1"}, "surprise"),
        ({"line_items": []}, "line_items"),
        ({"success_url": ""}, "success_url"),
        ({"expires_at": int(time.time()) + 60}, "expires_at"),
    ],
)
def test_bad_parameters_are_refused(client: stripe.StripeClient, change: dict[str, Any], param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.checkout.sessions.create(_params() | change)
    assert caught.value.param == param


def test_wrong_key_is_refused(control: Control) -> None:
    stranger = stripe.StripeClient("sk_test_wrong", base_addresses={"api": f"{control.url}/stripe"})
    with pytest.raises(stripe.AuthenticationError):
        stranger.v1.events.list()


def test_payer_pays_on_the_page(client: stripe.StripeClient, control: Control) -> None:
    session = client.v1.checkout.sessions.create(_params(name="<b>Pizza</b>"))
    assert session.url is not None
    page = control.client.get(session.url)
    assert "20.60 USD" in page.text
    assert "&lt;b&gt;Pizza" in page.text
    declined = control.client.post(session.url, data={"choice": "decline"})
    assert "declined" in declined.text
    paid = control.client.post(session.url, data={"choice": "pay"})
    assert paid.status_code == 303
    assert paid.headers["location"] == f"http://shop.test/thanks?session={session.id}"
    assert control.client.post(session.url, data={"choice": "pay"}).status_code == 409
    assert re.search(r"<button", control.client.get(session.url).text) is None
    assert httpx.get(f"{control.url}/stripe/pay/cs_test_none").status_code == 404


def test_nested_forms() -> None:
    pairs = [("a[0][b]", "1"), ("a[1][b]", "2"), ("c[]", "x"), ("c[]", "y"), ("d[e]", "f"), ("g", "")]
    assert parse(pairs) == {"a": [{"b": "1"}, {"b": "2"}], "c": ["x", "y"], "d": {"e": "f"}, "g": ""}
    for bad in ([("a[", "1")], [("a", "1"), ("a[b]", "2")]):
        with pytest.raises(BadForm):
            parse(bad)
