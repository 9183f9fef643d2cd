"""Stripe's refund objects (docs.stripe.com/api/refunds), wherever they come from: an answer, a list or an event."""

from __future__ import annotations

from collections.abc import Mapping

from callwaiting.providers.currencies import from_stripe
from callwaiting.providers.ports import PayloadInvalid, Refund, RefundState

EVENTS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
# `requires_action` waits for the payer; whatever Stripe may add decides nothing either.
FINAL: Mapping[str, RefundState] = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


def read_refund(fields: Mapping[str, object]) -> Refund:
    """Raises PayloadInvalid. A refund of a payment without a PaymentIntent has an empty `payment_id`."""
    refund_id, amount, currency = (fields.get(name) for name in ("id", "amount", "currency"))
    if not isinstance(refund_id, str) or not isinstance(amount, int) or not isinstance(currency, str):
        raise PayloadInvalid("the refund lacks its id or amount")
    metadata, status = fields.get("metadata"), fields.get("status")
    return Refund(
        provider_id=refund_id,
        payment_id=_text(fields, "payment_intent"),
        amount=from_stripe(amount, currency),
        state=FINAL.get(status, "pending") if isinstance(status, str) else "pending",
        reference=_text(metadata, "reference") if isinstance(metadata, dict) else "",
        failure=_text(fields, "failure_reason"),
    )


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
