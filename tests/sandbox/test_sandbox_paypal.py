"""The PayPal stand-in over plain HTTP; signatures and certificates checked with the cryptography library alone."""

from __future__ import annotations

import base64
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.verification import PolicyBuilder, Store

from tests.sandbox.conftest import PAYPAL_ID, PAYPAL_SECRET, WEBHOOK_ID, Control, Listener, Received, until

LEAF_NAME = "messageverificationcerts.sandbox.paypal.com"


class _PayPal:
    def __init__(self, control: Control) -> None:
        self.base = f"{control.url}/paypal"
        self.client: httpx.Client = control.client
        form = {"grant_type": "client_credentials"}
        token = self.client.post(f"{self.base}/v1/oauth2/token", data=form, auth=(PAYPAL_ID, PAYPAL_SECRET)).json()
        self.headers = {"Authorization": f"Bearer {token['access_token']}"}

    def get(self, path: str) -> httpx.Response:
        url = path if path.startswith("http") else f"{self.base}/{path}"
        return self.client.get(url, headers=self.headers)

    def post(self, path: str, body: object, key: str = "") -> httpx.Response:
        headers = self.headers | ({"PayPal-Request-Id": key} if key else {})
        return self.client.post(f"{self.base}/{path}", json=body, headers=headers)


@pytest.fixture
def paypal(control: Control) -> _PayPal:
    return _PayPal(control)


def _order(invoice: str = "inv-1", value: str = "20.60") -> dict[str, Any]:
    return {
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "reference_id": "r1",
                "custom_id": "c1",
                "invoice_id": invoice,
                "amount": {"currency_code": "USD", "value": value},
            }
        ],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    "return_url": "http://shop.test/back?o=1",
                    "cancel_url": "http://shop.test/p/1",
                }
            }
        },
    }


def _verified(received: Received, control: Control) -> dict[str, Any]:
    """The event after all that a careful receiver checks: certificate chain, name, signature over the raw bytes."""
    headers = received.headers
    url = headers["paypal-cert-url"]
    prefix = "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-"
    assert url.startswith(prefix)
    assert headers["paypal-auth-algo"] == "SHA256withRSA"
    pem = control.client.get(url.replace("https://api.sandbox.paypal.com", f"{control.url}/paypal")).content
    leaf = x509.load_pem_x509_certificate(pem)
    root = x509.load_pem_x509_certificate(control.client.get(f"{control.url}/_sandbox/paypal/ca.pem").content)
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName(LEAF_NAME))
    assert verifier.verify(leaf, []) == [leaf, root]
    names = ("paypal-transmission-id", "paypal-transmission-time")
    text = "|".join([*(headers[name] for name in names), WEBHOOK_ID, str(zlib.crc32(received.raw))])
    key = leaf.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature = base64.b64decode(headers["paypal-transmission-sig"])
    key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    event: dict[str, Any] = json.loads(received.raw)
    return event


def _issue(answer: httpx.Response) -> str:
    assert answer.status_code == 422, answer.text
    issue: str = answer.json()["details"][0]["issue"]
    return issue


def test_order_is_approved_captured_and_refunded(paypal: _PayPal, control: Control, listener: Listener) -> None:
    created = paypal.post("v2/checkout/orders", _order(), "order:1")
    assert created.status_code == 201
    order = created.json()
    links = {link["rel"]: link["href"] for link in order["links"]}
    assert order["status"] == "PAYER_ACTION_REQUIRED"
    assert links["payer-action"] == links["approve"] == f"{paypal.base}/approve/{order['id']}"
    assert _issue(paypal.post(f"v2/checkout/orders/{order['id']}/capture", {})) == "ORDER_NOT_APPROVED"

    control.post(f"paypal/orders/{order['id']}/approve")
    captured = paypal.post(f"v2/checkout/orders/{order['id']}/capture", {}, "capture:1")
    assert captured.status_code == 201
    capture = captured.json()["purchase_units"][0]["payments"]["captures"][0]
    assert (capture["status"], capture["invoice_id"], capture["custom_id"]) == ("COMPLETED", "inv-1", "c1")
    assert _issue(paypal.post(f"v2/checkout/orders/{order['id']}/capture", {})) == "ORDER_ALREADY_CAPTURED"

    refunds = f"v2/payments/captures/{capture['id']}/refund"
    part = {"amount": {"currency_code": "USD", "value": "0.60"}}
    assert paypal.post(refunds, part).json()["status"] == "COMPLETED"
    assert paypal.get(f"v2/payments/captures/{capture['id']}").json()["status"] == "PARTIALLY_REFUNDED"
    too_much = {"amount": {"currency_code": "USD", "value": "20.01"}}
    assert _issue(paypal.post(refunds, too_much)) == "REFUND_AMOUNT_EXCEEDED"
    assert paypal.post(refunds, {}).json()["amount"]["value"] == "20.00"
    assert _issue(paypal.post(refunds, {})) == "CAPTURE_FULLY_REFUNDED"

    events = [_verified(received, control) for received in listener.wait(4, "/paypal")]
    assert sorted(event["event_type"] for event in events) == [
        "CHECKOUT.ORDER.APPROVED",
        "PAYMENT.CAPTURE.COMPLETED",
        "PAYMENT.CAPTURE.REFUNDED",
        "PAYMENT.CAPTURE.REFUNDED",
    ]
    [completed] = [event for event in events if event["event_type"] == "PAYMENT.CAPTURE.COMPLETED"]
    assert completed["resource"]["supplementary_data"]["related_ids"]["order_id"] == order["id"]


def test_request_id_makes_a_repeat_harmless(paypal: _PayPal, control: Control) -> None:
    first = paypal.post("v2/checkout/orders", _order(), "order:1")
    second = paypal.post("v2/checkout/orders", _order(), "order:1")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert _issue(paypal.post("v2/checkout/orders", _order(value="1.00"), "order:1")) == "DUPLICATE_REQUEST_ID"
    [effect] = control.get("effects")["effects"]
    assert (effect["kind"], effect["asked"], effect["count"]) == ("order", 3, 1)


def test_one_invoice_is_paid_once(paypal: _PayPal, control: Control) -> None:
    ids = [paypal.post("v2/checkout/orders", _order()).json()["id"] for _ in range(2)]
    for order_id in ids:
        control.post(f"paypal/orders/{order_id}/approve")
    assert paypal.post(f"v2/checkout/orders/{ids[0]}/capture", {}).status_code == 201
    assert _issue(paypal.post(f"v2/checkout/orders/{ids[1]}/capture", {})) == "DUPLICATE_INVOICE_ID"


def test_bad_days_at_the_capture(paypal: _PayPal, control: Control, listener: Listener) -> None:
    order_id = paypal.post("v2/checkout/orders", _order()).json()["id"]
    control.post(f"paypal/orders/{order_id}/approve", {"capture_status": "PENDING", "capture_value": "1.00"})
    paypal.post(f"v2/checkout/orders/{order_id}/capture", {})
    events = [_verified(received, control) for received in listener.wait(2, "/paypal")]
    [pending] = [event["resource"] for event in events if event["event_type"] == "PAYMENT.CAPTURE.PENDING"]
    assert (pending["amount"]["value"], pending["status"]) == ("1.00", "PENDING")


@pytest.mark.parametrize(
    ("currency", "value", "issue"),
    [
        ("USD", "1.5", "DECIMAL_PRECISION"),
        ("JPY", "100.00", "DECIMAL_PRECISION"),
        ("USD", "0.00", "CANNOT_BE_ZERO_OR_NEGATIVE"),
        ("usd", "1.00", "INVALID_CURRENCY_CODE"),
    ],
)
def test_bad_amounts_are_refused(paypal: _PayPal, currency: str, value: str, issue: str) -> None:
    order = _order()
    order["purchase_units"][0]["amount"] = {"currency_code": currency, "value": value}
    assert _issue(paypal.post("v2/checkout/orders", order)) == issue


def test_strangers_get_nothing(paypal: _PayPal, control: Control) -> None:
    form = {"grant_type": "client_credentials"}
    wrong = control.client.post(f"{paypal.base}/v1/oauth2/token", data=form, auth=(PAYPAL_ID, "wrong"))
    assert wrong.status_code == 401
    for token in ("", "Bearer x", "Bearer A21AA9999999999.00"):
        answer = control.client.get(f"{paypal.base}/v2/checkout/orders/X", headers={"Authorization": token})
        assert answer.status_code == 401
    assert paypal.get("v2/checkout/orders/X").status_code == 404


def test_events_are_listed_and_sent_again(paypal: _PayPal, control: Control, listener: Listener) -> None:
    for number in range(3):
        order_id = paypal.post("v2/checkout/orders", _order(f"inv-{number}")).json()["id"]
        control.post(f"paypal/orders/{order_id}/approve")
    start = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    url, found = f"v1/notifications/webhooks-events?start_time={start}&page_size=2", []
    while url:
        page = paypal.get(url).json()
        found += page["events"]
        url = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    assert len({event["id"] for event in found}) == len(found) == 3
    assert paypal.get("v1/notifications/webhooks-events?end_time=2020-01-01T00:00:00Z").json()["events"] == []
    listener.wait(3, "/paypal")
    again = paypal.post(f"v1/notifications/webhooks-events/{found[0]['id']}/resend", {})
    assert again.status_code == 202
    assert _verified(listener.wait(4, "/paypal")[3], control)["id"] == found[0]["id"]


def test_payer_approves_on_the_page(paypal: _PayPal, control: Control) -> None:
    order_id = paypal.post("v2/checkout/orders", _order()).json()["id"]
    page = f"{paypal.base}/approve/{order_id}"
    assert "20.60 USD" in control.client.get(page).text
    cancelled = control.client.post(page, data={"choice": "decline"})
    assert cancelled.headers["location"] == f"http://shop.test/p/1?token={order_id}&PayerID=SANDBOXPAYER1"
    approved = control.client.post(page, data={"choice": "pay"})
    assert approved.status_code == 303
    assert approved.headers["location"].startswith(f"http://shop.test/back?o=1&token={order_id}")
    assert paypal.get(f"v2/checkout/orders/{order_id}").json()["status"] == "APPROVED"
    assert control.client.post(page, data={"choice": "pay"}).status_code == 409


def test_lost_capture_answer_is_made_good(paypal: _PayPal, control: Control) -> None:
    order_id = paypal.post("v2/checkout/orders", _order()).json()["id"]
    control.post(f"paypal/orders/{order_id}/approve")
    control.put("behaviours", {"api": {"paypal": {"drop_after_effect": 1}}})
    with pytest.raises(httpx.TransportError):
        paypal.post(f"v2/checkout/orders/{order_id}/capture", {}, "capture:1")
    assert paypal.post(f"v2/checkout/orders/{order_id}/capture", {}, "capture:1").json()["status"] == "COMPLETED"
    until(lambda: len(control.deliveries("paypal")) == 2)
