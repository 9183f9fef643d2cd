"""PayPal's dispute resources (developer.paypal.com/docs/api/customer-disputes/v1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from callwaiting.providers.paypal_money import from_paypal
from callwaiting.providers.ports import Dispute, DisputeState, PayloadInvalid

EVENTS = frozenset({"CUSTOMER.DISPUTE.CREATED", "CUSTOMER.DISPUTE.UPDATED", "CUSTOMER.DISPUTE.RESOLVED"})
# Other outcomes do not say on whose side the money is: the dispute stays open here, and a person looks.
OUTCOMES: Mapping[str, DisputeState] = {
    "RESOLVED_SELLER_FAVOUR": "won",
    "CANCELED_BY_BUYER": "won",
    "DENIED": "won",
    "RESOLVED_BUYER_FAVOUR": "lost",
    "ACCEPTED": "lost",
}


def read_dispute(fields: Mapping[str, object]) -> Dispute:
    """Raises PayloadInvalid. `payment_id` is the seller's id of the first disputed transaction: the capture's."""
    dispute_id = _text(fields, "dispute_id")
    if not dispute_id:
        raise PayloadInvalid("the dispute lacks its id")
    transactions = fields.get("disputed_transactions")
    first = transactions[0] if isinstance(transactions, list) and transactions else None
    return Dispute(
        provider_id=dispute_id,
        payment_id=_text(_mapping(first), "seller_transaction_id"),
        amount=from_paypal(fields.get("dispute_amount")),
        state=_state(fields),
        reason=_text(fields, "reason"),
        respond_by=_moment(_text(fields, "seller_response_due_date")),
    )


def _state(fields: Mapping[str, object]) -> DisputeState:
    """An inquiry is between payer and seller; PayPal holds the money from the claim on."""
    if _text(fields, "status") == "RESOLVED":
        return OUTCOMES.get(_text(_mapping(fields.get("dispute_outcome")), "outcome_code"), "open")
    return "inquiry" if _text(fields, "dispute_life_cycle_stage") == "INQUIRY" else "open"


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
