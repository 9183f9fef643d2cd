"""PayPal's refund resources (developer.paypal.com/docs/api/payments/v2/#refunds_get)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from callwaiting.providers.paypal_money import from_paypal
from callwaiting.providers.ports import PayloadInvalid, Refund, RefundState

EVENTS = frozenset({"PAYMENT.CAPTURE.REFUNDED", "PAYMENT.REFUND.PENDING", "PAYMENT.REFUND.FAILED"})
FINAL: Mapping[str, RefundState] = {"COMPLETED": "succeeded", "FAILED": "failed", "CANCELLED": "failed"}
CAPTURES = "/v2/payments/captures/"


def read_refund(fields: Mapping[str, object]) -> Refund:
    """Raises PayloadInvalid. The capture is named by the link `up` alone."""
    refund_id, status, details = (fields.get(name) for name in ("id", "status", "status_details"))
    if not isinstance(refund_id, str) or not refund_id:
        raise PayloadInvalid("the refund lacks its id")
    return Refund(
        provider_id=refund_id,
        payment_id=_capture_id(fields.get("links")),
        amount=from_paypal(fields.get("amount")),
        state=FINAL.get(status, "pending") if isinstance(status, str) else "pending",
        reference=_text(fields.get("custom_id")),
        failure=_text(details.get("reason")) if isinstance(details, dict) else "",
    )


def capture_of(fields: Mapping[str, object]) -> str:
    """The id of the capture that a refund gives back of; empty when it does not say."""
    return _capture_id(fields.get("links"))


def _capture_id(links: object) -> str:
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "up":
            _, found, capture_id = urlsplit(_text(link.get("href"))).path.rpartition(CAPTURES)
            if found and "/" not in capture_id:
                return unquote(capture_id)
    return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
