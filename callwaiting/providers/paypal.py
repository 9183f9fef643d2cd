"""Payments by PayPal's Orders v2 over plain HTTP (developer.paypal.com/docs/api/orders/v2).

Every writing call carries `PayPal-Request-Id`, so each may be repeated.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, urlsplit

import orjson

from callwaiting.providers import paypal_books
from callwaiting.providers.attempts import retry_after_s
from callwaiting.providers.lists import MoneyEntry
from callwaiting.providers.paypal_disputes import EVENTS as DISPUTE_EVENTS
from callwaiting.providers.paypal_disputes import read_dispute
from callwaiting.providers.paypal_money import from_paypal, purchase, to_paypal
from callwaiting.providers.paypal_refunds import EVENTS as REFUND_EVENTS
from callwaiting.providers.paypal_refunds import read_refund
from callwaiting.providers.paypal_signature import read_event
from callwaiting.providers.ports import (
    Checkout,
    CheckoutRequest,
    Dispute,
    ListedEvent,
    Mode,
    PayloadInvalid,
    ProviderRejected,
    ProviderUnavailable,
    Refund,
    RefundRequest,
    Settlement,
    Standing,
)

if TYPE_CHECKING:
    from httpx import Client, Response

API_BASE = "https://api-m.paypal.com"
LIVE_HOSTS = {"api-m.paypal.com", "api.paypal.com"}
# The token is renewed this long before PayPal would refuse it.
TOKEN_MARGIN_S = 60
PAGE = 300
# developer.paypal.com/docs/api/orders/v2/#orders_get, status
STANDINGS: Mapping[str, Literal["open", "approved", "gone"]] = {
    "CREATED": "open",
    "SAVED": "open",
    "PAYER_ACTION_REQUIRED": "open",
    "APPROVED": "approved",
    "VOIDED": "gone",
}
DENIED = {"DECLINED", "FAILED"}  # developer.paypal.com/docs/api/payments/v2/#captures_get, status
JsonObject = Mapping[str, object]


class PayPalPayments:
    """`Payments` for one PayPal application; the money is its owner's, so `account` must be empty. Safe to share
    between threads."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        base_url: str = API_BASE,
        connect_timeout_s: float = 3.05,
        read_timeout_s: float = 10.0,
    ) -> None:
        self._credentials = (client_id, client_secret)
        self._base_url = base_url.rstrip("/")
        self._timeouts = (connect_timeout_s, read_timeout_s)
        self._mode: Mode = "live" if urlsplit(base_url).hostname in LIVE_HOSTS else "test"
        self._lock = threading.Lock()
        self._token = ""
        self._token_until = 0.0

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """An order that the payer approves at the returned address, within PayPal's own three hours. The reference is
        the invoice id too, which PayPal lets be paid only once."""
        _require_own(request.account)
        order = self._call(
            "POST",
            "/v2/checkout/orders",
            key=request.idempotency_key,
            body={
                "intent": "CAPTURE",
                "purchase_units": [
                    {
                        "custom_id": request.reference,
                        "invoice_id": request.reference,
                        "description": request.description[:127],
                        **purchase(request),
                    }
                ],
                "payment_source": {
                    "paypal": {
                        "experience_context": {
                            "return_url": request.return_url,
                            "cancel_url": request.cancel_url,
                            "user_action": "PAY_NOW",
                            "shipping_preference": "NO_SHIPPING",
                        }
                    }
                },
            },
        )
        url = _link(order, "payer-action") or _link(order, "approve")
        if not url:
            raise ProviderRejected("PayPal made an order without an address for the payer")
        return Checkout(_text(order, "id"), url)

    def capture(self, checkout_id: str, *, account: str, idempotency_key: str) -> Settlement:
        """Take the money. An order that was captured before, by whatever key, gives its settlement again."""
        _require_own(account)
        path = f"/v2/checkout/orders/{quote(checkout_id, safe='')}"
        try:
            order = self._call("POST", f"{path}/capture", key=idempotency_key, body={})
        except ProviderRejected as error:
            if error.provider_code != "ORDER_ALREADY_CAPTURED":
                raise
            order = self._call("GET", path)
        return self._captured(order)

    def standing(self, checkout_id: str, *, account: str) -> Standing:
        """developer.paypal.com/docs/api/orders/v2/#orders_get: `APPROVED` until the money is taken, `COMPLETED` from
        then on. An order that nobody paid in time is not shown any more. Raises PayloadInvalid for what makes no
        sense."""
        _require_own(account)
        order = self._found(f"/v2/checkout/orders/{quote(checkout_id, safe='')}")
        if order is None:
            return Standing("gone")
        status = _text(order, "status")
        if status == "COMPLETED":
            return Standing("captured", self._captured(order))
        if status not in STANDINGS:
            raise PayloadInvalid(f"an order at PayPal is {status or 'without a status'}")
        return Standing(STANDINGS[status])

    def _captured(self, order: JsonObject) -> Settlement:
        unit = _first(order.get("purchase_units"))
        capture = _first(_mapping(unit.get("payments")).get("captures"))
        return self._settlement(capture, _text(order, "id"))

    def expire_checkout(self, checkout_id: str, *, account: str) -> None:
        raise ProviderRejected("PayPal closes no order that waits for its payer")

    def refund(self, request: RefundRequest) -> Refund:
        """Give back part or all of a capture. PayPal keeps its request ids for 45 days
        (developer.paypal.com/docs/api/payments/v2/#captures_refund)."""
        _require_own(request.account)
        path = f"/v2/payments/captures/{quote(request.payment_id, safe='')}/refund"
        body = {"amount": to_paypal(request.amount), "custom_id": request.reference}
        return read_refund(self._call("POST", path, key=request.idempotency_key, body=body))

    def refund_of(self, raw: bytes) -> Refund | None:
        """The refund in PAYMENT.CAPTURE.REFUNDED and in the events of one that takes longer."""
        body = _mapping(orjson.loads(raw))
        return read_refund(_mapping(body.get("resource"))) if body.get("event_type") in REFUND_EVENTS else None

    def dispute_of(self, raw: bytes) -> Dispute | None:
        """The dispute in one of PayPal's dispute events."""
        body = _mapping(orjson.loads(raw))
        if body.get("event_type") not in DISPUTE_EVENTS:
            return None
        return read_dispute(_mapping(body.get("resource")))

    def refunds_of(self, payment_id: str, *, account: str) -> Sequence[Refund]:
        raise ProviderRejected("PayPal tells of each refund by itself")

    def settlement_of(self, raw: bytes) -> Settlement | None:
        """The settlement in PAYMENT.CAPTURE.COMPLETED. Raises PayloadInvalid when it is incomplete."""
        body = _mapping(orjson.loads(raw))
        if body.get("event_type") != "PAYMENT.CAPTURE.COMPLETED":
            return None
        capture = _mapping(body.get("resource"))
        related = _mapping(_mapping(capture.get("supplementary_data")).get("related_ids"))
        return self._settlement(capture, _text(related, "order_id"))

    def list_events(self, *, account: str, since: datetime, until: datetime) -> Sequence[ListedEvent]:
        """Events of the window, oldest first (developer.paypal.com/docs/api/webhooks/v1/#webhooks-events_list)."""
        _require_own(account)
        start, end = (moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (since, until))
        path = f"/v1/notifications/webhooks-events?start_time={start}&end_time={end}&page_size={PAGE}"
        events: list[JsonObject] = []
        while path:
            page = self._call("GET", path)
            found = page.get("events")
            events += [_mapping(event) for event in found] if isinstance(found, list) else []
            # Only path and query are followed: the host stays the configured one.
            following = urlsplit(_link(page, "next"))
            path = f"{following.path}?{following.query}" if following.path and found else ""
        ordered = sorted(events, key=lambda event: _text(event, "create_time"))
        return [ListedEvent(read_event(raw), raw) for raw in map(orjson.dumps, ordered)]

    def list_money(self, *, account: str, since: datetime, until: datetime) -> None:
        return None

    def money_of(self, *, payment_id: str, checkout_id: str, account: str) -> Sequence[MoneyEntry]:
        """What PayPal has booked of an order; of a capture alone, through its own resource."""
        _require_own(account)
        if checkout_id and (order := self._found(f"/v2/checkout/orders/{quote(checkout_id, safe='')}")):
            return paypal_books.of_order(order)
        if payment_id and (capture := self._found(f"/v2/payments/captures/{quote(payment_id, safe='')}")):
            return [paypal_books.of_capture(capture, checkout_id)]
        return []

    def _found(self, path: str) -> JsonObject | None:
        """A resource; None when there is none."""
        try:
            return self._call("GET", path)
        except ProviderRejected as error:
            if error.provider_code in {"INVALID_RESOURCE_ID", "RESOURCE_NOT_FOUND"}:
                return None
            raise

    def ping(self) -> None:
        self._bearer()

    def _settlement(self, capture: JsonObject, order_id: str) -> Settlement:
        if not order_id or not _text(capture, "id"):
            raise PayloadInvalid("the capture lacks its own or its order's id")
        return Settlement(
            provider_id=order_id,
            payment_id=_text(capture, "id"),
            account="",
            mode=self._mode,
            amount=from_paypal(capture.get("amount")),
            settled=capture.get("status") == "COMPLETED",
            reference=_text(capture, "custom_id"),
            denied=capture.get("status") in DENIED,
        )

    def _call(self, method: str, path: str, *, key: str = "", body: JsonObject | None = None) -> JsonObject:
        headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
        if key:
            headers["PayPal-Request-Id"] = key
        content = None if body is None else orjson.dumps(body)
        response = self._send(method, path, {**headers, "Authorization": f"Bearer {self._bearer()}"}, content)
        if response.status_code == 401:
            self._forget_token()
            response = self._send(method, path, {**headers, "Authorization": f"Bearer {self._bearer()}"}, content)
        return _answer(response)

    def _send(self, method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> Response:
        from httpx import HTTPError

        try:
            return self._client.request(method, path, headers=dict(headers), content=content)
        except HTTPError as error:
            raise ProviderUnavailable(f"PayPal cannot be reached: {type(error).__name__}") from error

    def _bearer(self) -> str:
        """The access token, fetched anew shortly before it expires. One thread fetches, the others wait for it."""
        from httpx import HTTPError

        with self._lock:
            if time.monotonic() < self._token_until:
                return self._token
            try:
                response = self._client.post(
                    "/v1/oauth2/token", auth=self._credentials, data={"grant_type": "client_credentials"}
                )
            except HTTPError as error:
                raise ProviderUnavailable(f"PayPal cannot be reached: {type(error).__name__}") from error
            answer = _answer(response)
            token, lifetime = answer.get("access_token"), answer.get("expires_in")
            if not isinstance(token, str) or not isinstance(lifetime, int):
                raise ProviderUnavailable("PayPal gives no token")
            self._token, self._token_until = token, time.monotonic() + lifetime - TOKEN_MARGIN_S
            return token

    def _forget_token(self) -> None:
        with self._lock:
            self._token_until = 0.0

    @cached_property
    def _client(self) -> Client:
        from httpx import Client, Timeout

        connect, read = self._timeouts
        return Client(base_url=self._base_url, timeout=Timeout(read, connect=connect), follow_redirects=False)


def _answer(response: Response) -> JsonObject:
    """The JSON object of a good answer; the typed error of any other. 409 means that the first call with this request
    id is still under way."""
    status = response.status_code
    try:
        body = _mapping(orjson.loads(response.content)) if response.content else {}
    except orjson.JSONDecodeError:
        body = {}
    if 200 <= status < 300:
        return body
    code = _text(_first(body.get("details")), "issue") or _text(body, "name") or _text(body, "error")
    detail = f"PayPal answers {status}, {code or 'no code'}"
    if status in {409, 429} or status >= 500:
        raise ProviderUnavailable(detail, retry_after=retry_after_s(response.headers.get("retry-after")))
    raise ProviderRejected(detail, provider_code=code)


def _require_own(account: str) -> None:
    if account:
        raise ProviderRejected("PayPal payments go to the application's own account only")


def _link(fields: JsonObject, relation: str) -> str:
    links = fields.get("links")
    for link in links if isinstance(links, list) else []:
        if _mapping(link).get("rel") == relation:
            return _text(_mapping(link), "href")
    return ""


def _mapping(value: object) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> JsonObject:
    return _mapping(value[0]) if isinstance(value, list) and value else {}


def _text(fields: JsonObject, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
