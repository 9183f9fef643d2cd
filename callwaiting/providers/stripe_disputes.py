"""Stripe's dispute objects (docs.stripe.com/api/disputes/object)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from callwaiting.providers.currencies import from_stripe
from callwaiting.providers.ports import Dispute, DisputeState, PayloadInvalid

EVENTS = frozenset({
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
    "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
})  # fmt: skip
# An inquiry ("warning") takes no money. A status that Stripe may add takes none either, until another one comes.
STATES: Mapping[str, DisputeState] = {
    "needs_response": "open",
    "under_review": "open",
    "won": "won",
    "warning_closed": "won",
    "prevented": "won",
    "lost": "lost",
}


def read_dispute(fields: Mapping[str, object]) -> Dispute:
    """Raises PayloadInvalid. A dispute of a payment without a PaymentIntent has an empty `payment_id`."""
    dispute_id, amount, currency = (fields.get(name) for name in ("id", "amount", "currency"))
    if not isinstance(dispute_id, str) or not isinstance(amount, int) or not isinstance(currency, str):
        raise PayloadInvalid("the dispute lacks its id or amount")
    disputed = from_stripe(amount, currency)
    payment, status, reason = (fields.get(name) for name in ("payment_intent", "status", "reason"))
    return Dispute(
        provider_id=dispute_id,
        payment_id=payment if isinstance(payment, str) else "",
        amount=disputed,
        state=STATES.get(status, "inquiry") if isinstance(status, str) else "inquiry",
        reason=reason if isinstance(reason, str) else "",
        respond_by=_due(fields.get("evidence_details")),
    )


def _due(evidence: object) -> datetime | None:
    """The deadline; none when nothing can be sent any more."""
    due = evidence.get("due_by") if isinstance(evidence, dict) else None
    return datetime.fromtimestamp(due, UTC) if isinstance(due, int) and 0 < due < 2**33 else None
