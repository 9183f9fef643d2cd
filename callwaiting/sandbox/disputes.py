"""Payers who dispute a payment at their bank or at PayPal, and how that ends."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from callwaiting.sandbox import paypal_events, paypal_orders, paypal_refunds, stripe_events
from callwaiting.sandbox.checkout import NotOpen, put
from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row, new_id

_ANSWER_WITHIN = timedelta(days=7)


def open_stripe(here: Sandbox, intent_id: str, given: Mapping[str, Any]) -> Row | None:
    """Dispute a payment (`amount`, `reason`), or only ask about it (`inquiry`). None if there is no such payment."""
    with here.store.transaction():
        intent = here.store.get("stripe.payment_intents", intent_id)
        if intent is None:
            return None
        inquiry = bool(given.get("inquiry"))
        dispute: dict[str, Any] = {
            "id": new_id("du_", 24),
            "object": "dispute",
            "amount": int(given.get("amount", intent["object"]["amount"])),
            "charge": intent["object"]["latest_charge"],
            "created": int(time.time()),
            "currency": intent["object"]["currency"],
            "evidence_details": {"due_by": int(time.time() + _ANSWER_WITHIN.total_seconds()), "has_evidence": False},
            "metadata": {},
            "payment_intent": intent_id,
            "reason": str(given.get("reason", "fraudulent")),
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
        put(here, "stripe.disputes", intent["account"], dispute)
        stripe_events.emit(here, "charge.dispute.created", intent["account"], dispute)
        if not inquiry:
            stripe_events.emit(here, "charge.dispute.funds_withdrawn", intent["account"], dispute)
        return dispute


def end_stripe(here: Sandbox, dispute_id: str, *, won: bool) -> Row | None:
    """The bank decides. None if there is no such dispute. Raises NotOpen."""
    with here.store.transaction():
        row = here.store.get("stripe.disputes", dispute_id)
        if row is None:
            return None
        if row["object"]["status"] in {"won", "lost"}:
            raise NotOpen(f"the dispute is {row['object']['status']}")
        dispute = {**row["object"], "status": "won" if won else "lost"}
        put(here, "stripe.disputes", row["account"], dispute)
        if won:
            stripe_events.emit(here, "charge.dispute.funds_reinstated", row["account"], dispute)
        stripe_events.emit(here, "charge.dispute.closed", row["account"], dispute)
        return dispute


def open_paypal(here: Sandbox, capture_id: str, given: Mapping[str, Any]) -> Row | None:
    """Dispute a capture (`value`, `reason`), or only inquire (`inquiry`). None if there is no such capture."""
    with here.store.transaction():
        taken = here.store.get("paypal.captures", capture_id)
        if taken is None:
            return None
        currency = taken["amount"]["currency_code"]
        due = (datetime.now(UTC) + _ANSWER_WITHIN).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        dispute: dict[str, Any] = {
            "dispute_id": f"PP-D-{paypal_orders.paypal_id()[:6]}",
            "create_time": paypal_events.now_text(),
            "disputed_transactions": [{"seller_transaction_id": capture_id}],
            "reason": str(given.get("reason", "MERCHANDISE_OR_SERVICE_NOT_RECEIVED")),
            "status": "WAITING_FOR_SELLER_RESPONSE",
            "dispute_amount": {"currency_code": currency, "value": str(given.get("value", taken["amount"]["value"]))},
            "dispute_life_cycle_stage": "INQUIRY" if given.get("inquiry") else "CHARGEBACK",
            "seller_response_due_date": due,
        }
        here.store.put("paypal.disputes", dispute["dispute_id"], dispute)
        paypal_events.emit(here, "CUSTOMER.DISPUTE.CREATED", dispute, "A dispute was created")
        return dispute


def end_paypal(here: Sandbox, dispute_id: str, *, won: bool, refunded: bool) -> Row | None:
    """PayPal decides. `refunded`: it also tells of the lost money as a refund. None if there is no such dispute.

    Raises NotOpen.
    """
    with here.store.transaction():
        dispute = here.store.get("paypal.disputes", dispute_id)
        if dispute is None:
            return None
        if dispute["status"] == "RESOLVED":
            raise NotOpen("the dispute is resolved")
        code = "RESOLVED_SELLER_FAVOUR" if won else "RESOLVED_BUYER_FAVOUR"
        dispute = {**dispute, "status": "RESOLVED", "dispute_outcome": {"outcome_code": code}}
        here.store.put("paypal.disputes", dispute_id, dispute)
        if refunded and not won:
            taken = here.store.get("paypal.captures", dispute["disputed_transactions"][0]["seller_transaction_id"])
            if taken is not None:
                paypal_refunds.create(here, taken, {"amount": dispute["dispute_amount"]})
        paypal_events.emit(here, "CUSTOMER.DISPUTE.RESOLVED", dispute, "A dispute was resolved")
        return dispute
