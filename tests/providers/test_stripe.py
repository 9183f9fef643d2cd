"""The Stripe adapter through the official SDK, against a loopback server that speaks Stripe's wire format."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from callwaiting.core.money import Money
from callwaiting.providers.ports import (
    CheckoutRequest,
    PayloadInvalid,
    ProviderRejected,
    ProviderUnavailable,
    Refund,
    RefundRequest,
    RefundState,
    Settlement,
)
from callwaiting.providers.stripe import StripePayments
from tests.providers.api_server import Answer, api_server, closed_port_url, json_answer

EXPIRES = datetime(2026, 1, 2, 4, tzinfo=UTC)
REQUEST = CheckoutRequest(
    idempotency_key="order:1:v2:checkout:1",
    account="acct_1",
    reference="order-1",
    description="Order 1 at Luigi's",
    amount=Money(1250, "USD"),
    return_url="https://example.test/p/token",
    cancel_url="https://example.test/p/token?cancelled=1",
    expires_at=EXPIRES,
    metadata={"order": "1", "version": "2"},
)
SESSION = {
    "id": "cs_test_1",
    "object": "checkout.session",
    "url": "https://checkout.stripe.test/c/1",
    "expires_at": int(EXPIRES.timestamp()),
    "amount_total": 1250,
    "currency": "usd",
    "payment_status": "paid",
    "payment_intent": "pi_1",
    "client_reference_id": "order-1",
}


def event(**changed: object) -> bytes:
    return orjson.dumps(
        {"id": "evt_1", "object": "event", "type": "checkout.session.completed", "livemode": False,
         "account": "acct_1", "created": 1, "data": {"object": {**SESSION, **changed}}}
    )  # fmt: skip


def payments(base_url: str = "http://127.0.0.1:9") -> StripePayments:
    return StripePayments(api_key="sk_test_a-key", base_url=base_url)


def test_creates_a_checkout_session_on_the_merchants_account() -> None:
    with api_server(json_answer(SESSION)) as server:
        checkout = payments(server.url).create_checkout(REQUEST)
        request = server.received[0]
    assert (checkout.provider_id, checkout.url, checkout.expires_at) == ("cs_test_1", SESSION["url"], EXPIRES)
    assert (request.method, request.path) == ("POST", "/v1/checkout/sessions")
    assert request.headers["idempotency-key"] == REQUEST.idempotency_key
    assert request.headers["stripe-account"] == "acct_1"
    assert request.headers["authorization"] == "Bearer sk_test_a-key"
    assert {name: values[0] for name, values in parse_qs(request.body.decode()).items()} == {
        "mode": "payment",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "1250",
        "line_items[0][price_data][product_data][name]": "Order 1 at Luigi's",
        "client_reference_id": "order-1",
        "metadata[reference]": "order-1",
        "metadata[order]": "1",
        "metadata[version]": "2",
        "payment_intent_data[metadata][reference]": "order-1",
        "payment_intent_data[metadata][order]": "1",
        "payment_intent_data[metadata][version]": "2",
        "expires_at": str(int(EXPIRES.timestamp())),
        "success_url": "https://example.test/p/token?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://example.test/p/token?cancelled=1",
    }


REFUND_REQUEST = RefundRequest("refund:1", "pi_1", "", Money(500, "USD"), "cwr-1")
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 500,
    "currency": "usd",
    "payment_intent": "pi_1",
    "status": "succeeded",
    "metadata": {"reference": "cwr-1"},
}
REFUNDED = Refund("re_1", "pi_1", Money(500, "USD"), "succeeded", "cwr-1")


def refund_event(event_type: str, **change: object) -> bytes:
    return orjson.dumps({"id": "evt_1", "type": event_type, "data": {"object": {**REFUND, **change}}})


def test_refunds_with_its_own_key() -> None:
    with api_server(json_answer(REFUND)) as server:
        assert payments(server.url).refund(REFUND_REQUEST) == REFUNDED
        request = server.received[0]
    assert parse_qs(request.body.decode()) == {
        "payment_intent": ["pi_1"],
        "amount": ["500"],
        "metadata[reference]": ["cwr-1"],
    }
    assert request.headers["idempotency-key"] == "refund:1"
    assert "stripe-account" not in request.headers


def test_lists_all_refunds_of_a_payment() -> None:
    pages = [
        json_answer({"object": "list", "url": "/v1/refunds", "has_more": True, "data": [{**REFUND, "id": "re_2"}]}),
        json_answer({"object": "list", "url": "/v1/refunds", "has_more": False, "data": [REFUND]}),
    ]
    with api_server(*pages) as server:
        found = payments(server.url).refunds_of("pi_1", account="acct_1")
        first, second = (parse_qs(urlsplit(request.path).query) for request in server.received)
        assert {request.headers["stripe-account"] for request in server.received} == {"acct_1"}
    assert [refund.provider_id for refund in found] == ["re_2", "re_1"]
    assert first == {"payment_intent": ["pi_1"], "limit": ["100"]}
    assert second["starting_after"] == ["re_2"]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("succeeded", "succeeded"),
        ("pending", "pending"),
        ("requires_action", "pending"),
        (None, "pending"),
        ("canceled", "failed"),
        ("failed", "failed"),
    ],
)
def test_reads_a_refund(status: str | None, state: RefundState) -> None:
    for event_type in ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated"):
        raw = refund_event(event_type, status=status, failure_reason="lost_or_stolen_card")
        assert payments().refund_of(raw) == replace(REFUNDED, state=state, failure="lost_or_stolen_card")


def test_other_events_are_about_no_refund() -> None:
    assert payments().refund_of(refund_event("charge.refunded")) is None
    assert payments().refund_of(event()) is None
    for change in ({"amount": "500"}, {"currency": "dollars"}, {"id": None}):
        with pytest.raises(PayloadInvalid):
            payments().refund_of(refund_event("refund.updated", **change))


def error(code: str, status: int, **headers: str) -> Answer:
    return json_answer({"error": {"type": "invalid_request_error", "code": code, "message": "x"}}, status, **headers)


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_may_come_again(status: int) -> None:
    with api_server(error("lock_timeout", status, Retry_After="3")) as server:
        with pytest.raises(ProviderUnavailable) as caught:
            payments(server.url).create_checkout(REQUEST)
        assert len(server.received) == 1
    assert caught.value.retry_after == 3


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
def test_is_refused_for_good(status: int) -> None:
    with api_server(error("amount_too_small", status)) as server, pytest.raises(ProviderRejected) as caught:
        payments(server.url).create_checkout(REQUEST)
    assert caught.value.provider_code == "amount_too_small"


def test_a_lost_connection_may_come_again_since_the_key_is_kept() -> None:
    with api_server(Answer(drop=True)) as server, pytest.raises(ProviderUnavailable):
        payments(server.url).create_checkout(REQUEST)
    with pytest.raises(ProviderUnavailable):
        payments(closed_port_url()).ping()


def test_reads_a_settlement() -> None:
    assert payments().settlement_of(event()) == Settlement(
        "cs_test_1", "pi_1", "acct_1", "test", Money(1250, "USD"), settled=True, reference="order-1"
    )


@pytest.mark.parametrize("status", ["unpaid", "no_payment_required", None])
def test_a_completed_session_without_money_is_not_settled(status: str | None) -> None:
    settlement = payments().settlement_of(event(payment_status=status))
    assert settlement is not None
    assert not settlement.settled


def test_other_events_settle_nothing() -> None:
    assert payments().settlement_of(event().replace(b"session.completed", b"session.expired")) is None
    with pytest.raises(PayloadInvalid):
        payments().settlement_of(event(amount_total="1250"))


def test_lists_all_pages_oldest_first_with_the_account_that_a_webhook_carries() -> None:
    def listed(number: int) -> dict[str, object]:
        body = orjson.loads(event())
        return {**{k: v for k, v in body.items() if k != "account"}, "id": f"evt_{number}"}

    pages = [
        json_answer({"object": "list", "data": [listed(3), listed(2)], "has_more": True}),
        json_answer({"object": "list", "data": [listed(1)], "has_more": False}),
    ]
    since, until = datetime.fromtimestamp(100, UTC), datetime.fromtimestamp(200, UTC)
    with api_server(*pages) as server:
        events = payments(server.url).list_events(account="acct_1", since=since, until=until)
        first, second = (parse_qs(urlsplit(request.path).query) for request in server.received)
        assert {request.headers["stripe-account"] for request in server.received} == {"acct_1"}
    assert [item.event.dedupe_key for item in events] == ["evt_1", "evt_2", "evt_3"]
    assert orjson.loads(events[0].raw)["account"] == events[0].event.account == "acct_1"
    assert first == {"created[gte]": ["100"], "created[lte]": ["200"], "limit": ["100"]}
    assert second["starting_after"] == ["evt_2"]


def test_what_stripe_cannot_do_is_refused() -> None:
    with pytest.raises(ProviderRejected):
        payments().capture("cs_1", account="", idempotency_key="x")
    with pytest.raises(ProviderRejected, match="hundredths"):
        payments().refund(replace(REFUND_REQUEST, amount=Money(1001, "KWD")))
