"""Payments by Stripe Checkout and the official SDK (docs.stripe.com/api/checkout/sessions).

Payments are direct charges: with an `account` they belong to the merchant's connected account (`Stripe-Account`
header), without one to the platform's own. Every writing call carries an idempotency key, so each may be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import orjson

from callwaiting.core.money import split_by_largest_remainder
from callwaiting.providers import stripe_money, stripe_signature
from callwaiting.providers.attempts import retry_after_s
from callwaiting.providers.currencies import from_stripe, stripe_units
from callwaiting.providers.lists import MoneyEntry
from callwaiting.providers.ports import (
    Checkout,
    CheckoutRequest,
    Dispute,
    ListedEvent,
    PayloadInvalid,
    ProviderRejected,
    ProviderUnavailable,
    Refund,
    RefundRequest,
    Settlement,
    SourceSecrets,
    Standing,
)
from callwaiting.providers.stripe_disputes import EVENTS as DISPUTE_EVENTS
from callwaiting.providers.stripe_disputes import read_dispute
from callwaiting.providers.stripe_refunds import EVENTS as REFUND_EVENTS
from callwaiting.providers.stripe_refunds import read_refund

if TYPE_CHECKING:
    from stripe import RequestOptions, StripeClient, StripeError

API_BASE = "https://api.stripe.com"
PAGE = 100
MAX_NAME = 250  # of a product, docs.stripe.com/api/products
SETTLING_TYPES = {"checkout.session.completed", "checkout.session.async_payment_succeeded"}


class StripePayments:
    """`Payments` for one platform key. Safe to share between threads."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str = API_BASE,
        connect_timeout_s: float = 3.05,
        read_timeout_s: float = 10.0,
    ) -> None:
        self._api_key = api_key
        self._base_url = base_url.rstrip("/")
        self._timeout = (connect_timeout_s, read_timeout_s)

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        """A Checkout Session for the whole amount, line by line with taxes in them. Stripe takes an expiry of 30
        minutes to 24 hours from now."""
        joint = "&" if "?" in request.return_url else "?"
        metadata = {"reference": request.reference, **request.metadata}
        with _errors():
            session = self._client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": request.amount.currency.lower(),
                                "unit_amount": units,
                                "product_data": {"name": name[:MAX_NAME]},
                            },
                        }
                        for name, units in stripe_lines(request)
                    ],
                    "client_reference_id": request.reference,
                    "metadata": metadata,
                    "payment_intent_data": {"metadata": metadata},
                    "expires_at": int(request.expires_at.timestamp()),
                    "success_url": f"{request.return_url}{joint}session_id={{CHECKOUT_SESSION_ID}}",
                    "cancel_url": request.cancel_url,
                },
                _options(request.account, request.idempotency_key),
            )
        if not session.url:
            raise ProviderRejected("Stripe made a Checkout Session without an address")
        return Checkout(session.id, session.url, datetime.fromtimestamp(session.expires_at, UTC))

    def capture(self, checkout_id: str, *, account: str, idempotency_key: str) -> Settlement:
        raise ProviderRejected("Stripe captures by itself")

    def standing(self, checkout_id: str, *, account: str) -> Standing:
        raise ProviderRejected("Stripe captures by itself")

    def expire_checkout(self, checkout_id: str, *, account: str) -> None:
        """Close a Checkout Session (docs.stripe.com/api/checkout/sessions/expire)."""
        with _errors():
            self._client.v1.checkout.sessions.expire(checkout_id, None, _options(account, f"expire:{checkout_id}"))

    def refund(self, request: RefundRequest) -> Refund:
        """Give back part or all of a PaymentIntent. The caller knows that its currency is the payment's."""
        with _errors():
            made = self._client.v1.refunds.create(
                {
                    "payment_intent": request.payment_id,
                    "amount": stripe_units(request.amount),
                    "metadata": {"reference": request.reference},
                },
                _options(request.account, request.idempotency_key),
            )
        return read_refund(made.to_dict())

    def refund_of(self, raw: bytes) -> Refund | None:
        """The refund in one of Stripe's refund events. `charge.refunded` is none of them: it tells a sum."""
        body = _mapping(orjson.loads(raw))
        if body.get("type") not in REFUND_EVENTS:
            return None
        return read_refund(_mapping(_mapping(body.get("data")).get("object")))

    def dispute_of(self, raw: bytes) -> Dispute | None:
        """The dispute in one of Stripe's dispute events."""
        body = _mapping(orjson.loads(raw))
        if body.get("type") not in DISPUTE_EVENTS:
            return None
        return read_dispute(_mapping(_mapping(body.get("data")).get("object")))

    def refunds_of(self, payment_id: str, *, account: str) -> Sequence[Refund]:
        """Every refund of a PaymentIntent, newest first; pages are followed to their end."""
        with _errors():
            listed = self._client.v1.refunds.list({"payment_intent": payment_id, "limit": PAGE}, _options(account))
            return [read_refund(refund.to_dict()) for refund in listed.auto_paging_iter()]

    def settlement_of(self, raw: bytes) -> Settlement | None:
        """The settlement in a Checkout event. A completed session may still wait for its money (bank debits); it is
        settled only when `payment_status` is `paid`. Raises PayloadInvalid when a settling event is incomplete."""
        body = _mapping(orjson.loads(raw))
        if body.get("type") not in SETTLING_TYPES:
            return None
        session = _mapping(_mapping(body.get("data")).get("object"))
        amount, currency = session.get("amount_total"), session.get("currency")
        if not isinstance(amount, int) or not isinstance(currency, str) or len(currency) != 3:
            raise PayloadInvalid("the session has no amount")
        mode, account = stripe_signature.claimed_origin(raw)
        return Settlement(
            provider_id=_text(session, "id"),
            payment_id=_text(session, "payment_intent"),
            account=account,
            mode=mode,
            amount=from_stripe(amount, currency),
            settled=session.get("payment_status") == "paid",
            reference=_text(session, "client_reference_id"),
        )

    def list_events(self, *, account: str, since: datetime, until: datetime) -> Sequence[ListedEvent]:
        """Events of the window (whole seconds, both ends in), oldest first. Stripe keeps them for 30 days. An event of
        a connected account gets the `account` that its webhook carries and the list leaves out."""
        window = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
        listed: list[ListedEvent] = []
        after: dict[str, str] = {}
        while True:
            with _errors():
                answer = self._client.raw_request(
                    "get", "/v1/events", created=window, limit=PAGE, **after, **_options(account)
                )
            page = _mapping(orjson.loads(answer.body))
            events = page.get("data")
            if not isinstance(events, list):
                raise ProviderUnavailable("Stripe lists events in an unknown form")
            listed += [_listed(_mapping(event), account) for event in events]
            if not page.get("has_more") or not events:
                return listed[::-1]
            after = {"starting_after": listed[-1].event.provider_event_id}

    def list_money(self, *, account: str, since: datetime, until: datetime) -> Sequence[MoneyEntry]:
        """The lines of the balance (docs.stripe.com/api/balance_transactions/list) with what each is about."""
        window = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
        entries: list[MoneyEntry] = []
        after: dict[str, str] = {}
        while True:
            with _errors():
                answer = self._client.raw_request(
                    "get",
                    "/v1/balance_transactions",
                    created=window,
                    limit=PAGE,
                    expand=["data.source"],
                    **after,
                    **_options(account),
                )
            page = _mapping(orjson.loads(answer.body))
            lines = page.get("data")
            if not isinstance(lines, list):
                raise ProviderUnavailable("Stripe lists its balance in an unknown form")
            entries += [entry for line in lines if (entry := stripe_money.of_line(_mapping(line))) is not None]
            if not page.get("has_more") or not lines:
                return entries[::-1]
            after = {"starting_after": _text(_mapping(lines[-1]), "id")}

    def money_of(self, *, payment_id: str, checkout_id: str, account: str) -> Sequence[MoneyEntry]:
        """A PaymentIntent with its charge and refunds; of a checkout alone, through its session."""
        if not payment_id:
            session = self._found(f"/v1/checkout/sessions/{checkout_id}", account)
            payment_id = _text(session, "payment_intent")
        if not payment_id:
            return []
        intent = self._found(f"/v1/payment_intents/{payment_id}", account, expand=["latest_charge.balance_transaction"])
        found = stripe_money.of_intent(intent)
        if not found:
            return []
        with _errors():
            listed = self._client.v1.refunds.list({"payment_intent": payment_id, "limit": PAGE}, _options(account))
            refunds = [refund.to_dict() for refund in listed.auto_paging_iter()]
        return [*found, *(stripe_money.of_refund(refund) for refund in refunds)]

    def _found(self, path: str, account: str, **parameters: object) -> Mapping[str, object]:
        """A resource, empty when there is none."""
        try:
            with _errors():
                answer = self._client.raw_request("get", path, **parameters, **_options(account))
        except ProviderRejected as error:
            if error.provider_code == "resource_missing":
                return {}
            raise
        return _mapping(orjson.loads(answer.body))

    def ping(self) -> None:
        with _errors():
            self._client.raw_request("get", "/v1/balance")

    @cached_property
    def _client(self) -> StripeClient:
        from requests import Response, Session
        from stripe import RequestsClient, StripeClient

        class Unled(Session):
            """The SDK would follow a redirect, and take what it finds there for Stripe's answer."""

            def request(self, *arguments: Any, **named: Any) -> Response:
                return super().request(*arguments, **{**named, "allow_redirects": False})

        # The SDK's own repetitions are off: `three_attempts` does them within the job's time limit.
        return StripeClient(
            self._api_key,
            base_addresses={"api": self._base_url},
            max_network_retries=0,
            http_client=RequestsClient(timeout=self._timeout, session=Unled()),
        )


def stripe_lines(request: CheckoutRequest) -> list[tuple[str, int]]:
    """What the payer's page shows, in Stripe's units. They add up to the amount: where a line does not fit Stripe's
    units, others make up for it, and the total stays."""
    total = stripe_units(request.amount)
    if not request.lines:
        return [(request.description, total)]
    parts = split_by_largest_remainder(total, [line.net.minor + line.tax.minor for line in request.lines])
    return [(line.title, part) for line, part in zip(request.lines, parts, strict=True)]


def _options(account: str, idempotency_key: str = "") -> RequestOptions:
    options: RequestOptions = {}
    if account:
        options["stripe_account"] = account
    if idempotency_key:
        options["idempotency_key"] = idempotency_key
    return options


@contextmanager
def _errors() -> Iterator[None]:
    from stripe import APIConnectionError, StripeError

    try:
        yield
    except APIConnectionError as error:
        raise ProviderUnavailable("Stripe cannot be reached") from error
    except StripeError as error:
        raise _refusal(error) from error


def _refusal(error: StripeError) -> ProviderUnavailable | ProviderRejected:
    """409 means that the first call with this idempotency key is still under way (docs.stripe.com/error-low-level)."""
    status = error.http_status or 0
    code = error.code or (error.error.code if error.error else None) or ""
    detail = f"Stripe answers {status}, code {code}"
    if status in {409, 429} or status >= 500:
        return ProviderUnavailable(detail, retry_after=retry_after_s((error.headers or {}).get("retry-after")))
    return ProviderRejected(detail, provider_code=code)


def _listed(event: Mapping[str, object], account: str) -> ListedEvent:
    raw = orjson.dumps({**event, "account": account} if account else event)
    mode, _ = stripe_signature.claimed_origin(raw)
    return ListedEvent(stripe_signature.read_event(raw, SourceSecrets(mode, account)), raw)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
