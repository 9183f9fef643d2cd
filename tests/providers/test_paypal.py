"""The PayPal adapter against a loopback server that speaks PayPal's wire format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import orjson
import pytest

from callwaiting.core.money import Money
from callwaiting.providers.paypal import PayPalPayments
from callwaiting.providers.paypal_money import from_paypal, to_paypal
from callwaiting.providers.ports import (
    CheckoutRequest,
    PayloadInvalid,
    ProviderRejected,
    ProviderUnavailable,
    Refund,
    RefundRequest,
    RefundState,
    Settlement,
    Standing,
)
from tests.providers.api_server import Answer, ApiServer, Received, api_server, closed_port_url, json_answer

TOKEN = {"access_token": "A21AA-first", "token_type": "Bearer", "expires_in": 32400}
REQUEST = CheckoutRequest(
    idempotency_key="order:1:v2:checkout:1",
    account="",
    reference="order-1",
    description="Order 1 at Luigi's",
    amount=Money(1250, "USD"),
    return_url="https://example.test/p/token",
    cancel_url="https://example.test/p/token?cancelled=1",
    expires_at=datetime(2026, 1, 2, tzinfo=UTC),
)
CAPTURE = {
    "id": "CAP-1",
    "status": "COMPLETED",
    "amount": {"currency_code": "USD", "value": "12.50"},
    "custom_id": "order-1",
}
ORDER = {"id": "ORDER-1", "status": "COMPLETED", "purchase_units": [{"payments": {"captures": [CAPTURE]}}]}
SETTLED = Settlement("ORDER-1", "CAP-1", "", "test", Money(1250, "USD"), settled=True, reference="order-1")


def payments(server: ApiServer) -> PayPalPayments:
    return PayPalPayments(client_id="client", client_secret="secret", base_url=server.url)


def test_creates_an_order_with_one_token_for_all_calls() -> None:
    links = [{"rel": "self", "href": "x"}, {"rel": "payer-action", "href": "https://paypal.test/approve"}]
    order = json_answer({"id": "ORDER-1", "status": "PAYER_ACTION_REQUIRED", "links": links}, 201)
    with api_server(json_answer(TOKEN), order, order) as server:
        adapter = payments(server)
        checkout = adapter.create_checkout(REQUEST)
        adapter.create_checkout(REQUEST)
        token, first, second = server.received
    assert (checkout.provider_id, checkout.url) == ("ORDER-1", "https://paypal.test/approve")
    assert (token.path, token.body) == ("/v1/oauth2/token", b"grant_type=client_credentials")
    assert token.headers["authorization"] == "Basic Y2xpZW50OnNlY3JldA=="
    assert first.path == second.path == "/v2/checkout/orders"
    assert first.headers["authorization"] == "Bearer A21AA-first"
    assert first.headers["paypal-request-id"] == REQUEST.idempotency_key
    unit = orjson.loads(first.body)["purchase_units"][0]
    assert unit["amount"] == {"currency_code": "USD", "value": "12.50"}
    assert (unit["custom_id"], unit["invoice_id"]) == ("order-1", "order-1")


def test_captures_and_reads_the_settlement() -> None:
    with api_server(json_answer(TOKEN), json_answer(ORDER, 201)) as server:
        assert payments(server).capture("ORDER-1", account="", idempotency_key="capture:1") == SETTLED
        assert server.received[1].path == "/v2/checkout/orders/ORDER-1/capture"


def test_an_order_that_was_captured_before_gives_its_settlement_again() -> None:
    refusal = {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": "ORDER_ALREADY_CAPTURED"}]}
    with api_server(json_answer(TOKEN), json_answer(refusal, 422), json_answer(ORDER)) as server:
        assert payments(server).capture("ORDER-1", account="", idempotency_key="other") == SETTLED
        assert (server.received[2].method, server.received[2].path) == ("GET", "/v2/checkout/orders/ORDER-1")


@pytest.mark.parametrize(
    ("answer", "standing"),
    [
        (json_answer(ORDER), Standing("captured", SETTLED)),
        (json_answer({"id": "ORDER-1", "status": "APPROVED"}), Standing("approved")),
        (json_answer({"id": "ORDER-1", "status": "PAYER_ACTION_REQUIRED"}), Standing("open")),
        (json_answer({"id": "ORDER-1", "status": "VOIDED"}), Standing("gone")),
        (json_answer({"name": "RESOURCE_NOT_FOUND"}, 404), Standing("gone")),
    ],
)
def test_how_an_order_stands(answer: Answer, standing: Standing) -> None:
    with api_server(json_answer(TOKEN), answer) as server:
        assert payments(server).standing("ORDER-1", account="") == standing


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(b"<html>We will be back soon</html>", 200), PayloadInvalid),
        (json_answer({"id": "ORDER-1", "status": "NEW_AND_STRANGE"}), PayloadInvalid),
        (json_answer({"id": "ORDER-1", "status": "COMPLETED"}), PayloadInvalid),
        (json_answer({"name": "NOT_AUTHORIZED"}, 403), ProviderRejected),
        (json_answer({}, 500), ProviderUnavailable),
    ],
)
def test_nothing_else_says_that_an_order_is_gone(answer: Answer, error: type[Exception]) -> None:
    """What counts as gone can be paid anew."""
    with api_server(json_answer(TOKEN), answer) as server, pytest.raises(error):
        payments(server).standing("ORDER-1", account="")


def test_an_id_cannot_lead_to_another_path() -> None:
    with api_server(json_answer(TOKEN), json_answer(ORDER)) as server:
        payments(server).capture("../x?y", account="", idempotency_key="k")
        assert server.received[1].path == "/v2/checkout/orders/..%2Fx%3Fy/capture"


REFUND_REQUEST = RefundRequest("refund:1", "CAP-1", "", Money(500, "USD"), "cwr-1")
REFUND: dict[str, object] = {
    "id": "REF-1",
    "status": "COMPLETED",
    "amount": {"currency_code": "USD", "value": "5.00"},
    "custom_id": "cwr-1",
    "links": [
        {"rel": "self", "href": "https://api.paypal.com/v2/payments/refunds/REF-1"},
        {"rel": "up", "href": "https://api.paypal.com/v2/payments/captures/CAP-1"},
    ],
}
REFUNDED = Refund("REF-1", "CAP-1", Money(500, "USD"), "succeeded", "cwr-1")


def test_refunds_a_capture() -> None:
    with api_server(json_answer(TOKEN), json_answer(REFUND, 201)) as server:
        assert payments(server).refund(REFUND_REQUEST) == REFUNDED
        request = server.received[1]
    assert request.path == "/v2/payments/captures/CAP-1/refund"
    assert request.headers["paypal-request-id"] == "refund:1"
    assert orjson.loads(request.body) == {
        "amount": {"currency_code": "USD", "value": "5.00"},
        "custom_id": "cwr-1",
    }


@pytest.mark.parametrize(
    ("event_type", "status", "state"),
    [
        ("PAYMENT.CAPTURE.REFUNDED", "COMPLETED", "succeeded"),
        ("PAYMENT.REFUND.PENDING", "PENDING", "pending"),
        ("PAYMENT.REFUND.FAILED", "FAILED", "failed"),
    ],
)
def test_reads_a_refund(event_type: str, status: str, state: RefundState) -> None:
    with api_server() as server:
        adapter = payments(server)
    raw = orjson.dumps({"event_type": event_type, "resource": {**REFUND, "status": status}})

    assert adapter.refund_of(raw) == replace(REFUNDED, state=state)
    assert adapter.settlement_of(raw) is None
    assert adapter.refund_of(orjson.dumps({"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": REFUND})) is None
    unlinked = adapter.refund_of(orjson.dumps({"event_type": event_type, "resource": {**REFUND, "links": []}}))
    assert unlinked is not None
    assert unlinked.payment_id == ""
    with pytest.raises(PayloadInvalid):
        adapter.refund_of(orjson.dumps({"event_type": event_type, "resource": {**REFUND, "amount": {}}}))
    with pytest.raises(ProviderRejected):
        adapter.refunds_of("CAP-1", account="")


def test_a_token_that_paypal_no_longer_takes_is_renewed_once() -> None:
    second = {**TOKEN, "access_token": "A21AA-second"}
    answers = [json_answer(TOKEN), json_answer({}, 401), json_answer(second), json_answer(REFUND)]
    with api_server(*answers) as server:
        payments(server).refund(REFUND_REQUEST)
        assert server.received[3].headers["authorization"] == "Bearer A21AA-second"


@pytest.mark.parametrize(
    ("answer", "expected", "code"),
    [
        (json_answer({"name": "X", "details": [{"issue": "DECLINED"}]}, 422), ProviderRejected, "DECLINED"),
        (json_answer({"name": "RESOURCE_NOT_FOUND"}, 404), ProviderRejected, "RESOURCE_NOT_FOUND"),
        (json_answer({}, 302), ProviderRejected, ""),
        (json_answer({"name": "RATE_LIMIT_REACHED"}, 429, Retry_After="9"), ProviderUnavailable, None),
        (json_answer({}, 409), ProviderUnavailable, None),
        (Answer(b"<html>", 503), ProviderUnavailable, None),
        (Answer(drop=True), ProviderUnavailable, None),
    ],
    ids=["declined", "absent", "redirect", "rate", "under way", "html", "dropped"],
)  # fmt: skip
def test_tells_refusals_from_bad_days(answer: Answer, expected: type[Exception], code: str | None) -> None:
    with api_server(json_answer(TOKEN), answer) as server, pytest.raises(expected) as caught:
        payments(server).refund(REFUND_REQUEST)
    if isinstance(caught.value, ProviderRejected):
        assert caught.value.provider_code == code


def test_nobody_listens() -> None:
    with pytest.raises(ProviderUnavailable):
        PayPalPayments(client_id="c", client_secret="s", base_url=closed_port_url()).ping()


def test_reads_settlements_of_capture_events_only() -> None:
    adapter = PayPalPayments(client_id="c", client_secret="s")
    resource = {**CAPTURE, "supplementary_data": {"related_ids": {"order_id": "ORDER-1"}}}
    body = {"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": resource}
    settlement = adapter.settlement_of(orjson.dumps(body))
    assert settlement is not None
    assert (settlement.mode, settlement.provider_id, settlement.amount) == ("live", "ORDER-1", Money(1250, "USD"))
    assert adapter.settlement_of(orjson.dumps({**body, "event_type": "PAYMENT.CAPTURE.REFUNDED"})) is None
    with pytest.raises(PayloadInvalid):
        adapter.settlement_of(orjson.dumps({**body, "resource": {**resource, "amount": {"value": "12,50"}}}))
    with pytest.raises(PayloadInvalid):
        adapter.settlement_of(orjson.dumps({**body, "resource": CAPTURE}))


def test_lists_all_pages_oldest_first_and_stays_on_its_host() -> None:
    def event(number: int) -> dict[str, str]:
        return {"id": f"WH-{number}", "event_type": "X", "create_time": f"2026-01-02T00:00:0{number}Z"}

    following = {"rel": "next", "href": "https://api.paypal.com/v1/notifications/webhooks-events?start_id=2"}

    def answer(request: Received) -> Answer:
        if request.path.startswith("/v1/oauth2"):
            return json_answer(TOKEN)
        if "start_id=2" in request.path:
            return json_answer({"events": [event(1)], "links": []})
        return json_answer({"events": [event(3), event(2)], "links": [following]})

    with api_server() as server:
        server.answer = answer
        since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)
        events = payments(server).list_events(account="", since=since, until=until)
        assert "start_time=2026-01-01T00:00:00Z&end_time=2026-01-03T00:00:00Z" in server.received[1].path
    assert [item.event.provider_event_id for item in events] == ["WH-1", "WH-2", "WH-3"]


@pytest.mark.parametrize(
    "call",
    [
        lambda adapter: adapter.capture("O", account="acct_1", idempotency_key="k"),
        lambda adapter: adapter.refund(replace(REFUND_REQUEST, account="acct_1")),
    ],
)
def test_never_pays_another_account_silently(call: Callable[[PayPalPayments], object]) -> None:
    with pytest.raises(ProviderRejected):
        call(PayPalPayments(client_id="c", client_secret="s", base_url="http://127.0.0.1:9"))


@pytest.mark.parametrize(
    ("money", "value"),
    [
        (Money(1250, "USD"), "12.50"),
        (Money(5, "USD"), "0.05"),
        (Money(500, "JPY"), "500"),
        (Money(120_000, "HUF"), "1200"),
        (Money(3000, "TWD"), "30"),
    ],
)
def test_money_goes_there_and_back(money: Money, value: str) -> None:
    assert to_paypal(money) == {"currency_code": money.currency, "value": value}
    assert from_paypal({"currency_code": money.currency, "value": value}) == money


@pytest.mark.parametrize("money", [Money(120_001, "HUF"), Money(1230, "KWD"), Money(0, "USD"), Money(-1, "USD")])
def test_money_is_never_rounded(money: Money) -> None:
    with pytest.raises(ProviderRejected):
        to_paypal(money)


@pytest.mark.parametrize("value", ["1.234", "-1", "1e3", "", "1.", ".5", "١", None, 5])
def test_a_value_that_is_no_decimal_is_refused(value: object) -> None:
    with pytest.raises(PayloadInvalid):
        from_paypal({"currency_code": "USD", "value": value})
