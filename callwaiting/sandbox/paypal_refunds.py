"""What happens to a PayPal refund: made by the app or at PayPal's own desk, it completes, waits, or comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.paypal_events import emit, now_text
from callwaiting.sandbox.paypal_orders import (
    NotPossible,
    check_amount,
    link,
    minor,
    money,
    paypal_id,
    spoken,
    unprocessable,
)
from callwaiting.sandbox.store import Row


def create(here: Sandbox, taken: Row, given: Mapping[str, Any]) -> Row:
    """Give back part or all of a capture, and send the event. Raises PayPalRefusal."""
    if taken["status"] not in {"COMPLETED", "PARTIALLY_REFUNDED"}:
        issue = "CAPTURE_FULLY_REFUNDED" if taken["status"] == "REFUNDED" else "INVALID_RESOURCE_STATE"
        raise unprocessable(issue, "The capture cannot be refunded.")
    currency, left = taken["amount"]["currency_code"], _left(here, taken)
    amount = given.get("amount") or money(left, currency)
    check_amount(amount, "/amount")
    if amount["currency_code"] != currency:
        raise unprocessable("REFUND_CURRENCY_MISMATCH", "The currency differs from the capture's.", "/amount")
    if minor(amount) > left:
        raise unprocessable("REFUND_AMOUNT_EXCEEDED", "The amount exceeds what is left of the capture.", "/amount")
    refund_id = paypal_id()
    made: dict[str, Any] = {
        "id": refund_id,
        "amount": amount,
        "status": "PENDING" if here.behaviours.refunds_wait else "COMPLETED",
        "create_time": now_text(),
        "update_time": now_text(),
        "links": [
            link(here, f"v2/payments/refunds/{refund_id}", "self"),
            link(here, f"v2/payments/captures/{taken['id']}", "up"),
        ],
    }
    made |= {name: given[name] for name in ("invoice_id", "custom_id", "note_to_payer") if name in given}
    _keep(here, taken, made)
    return made


def settle(here: Sandbox, refund_id: str, *, succeeded: bool) -> Row | None:
    """The outcome of a refund that waits. None if there is no such refund. Raises NotPossible."""
    with here.store.transaction():
        row = here.store.get("paypal.refunds", refund_id)
        taken = here.store.get("paypal.captures", row["capture_id"]) if row else None
        if row is None or taken is None:
            return None
        if row["refund"]["status"] != "PENDING":
            raise NotPossible(f"the refund is {row['refund']['status']}")
        made = {**row["refund"], "status": "COMPLETED" if succeeded else "FAILED", "update_time": now_text()}
        if not succeeded:
            made["status_details"] = {"reason": "ECHECK"}
        _keep(here, taken, made)
        return made


def _keep(here: Sandbox, taken: Row, made: Row) -> None:
    here.store.put("paypal.refunds", made["id"], {"capture_id": taken["id"], "refund": made})
    left = _left(here, taken)
    status = "REFUNDED" if left == 0 else "PARTIALLY_REFUNDED" if left < minor(taken["amount"]) else "COMPLETED"
    here.store.put("paypal.captures", taken["id"], {**taken, "status": status})
    if made["status"] == "COMPLETED":
        emit(here, "PAYMENT.CAPTURE.REFUNDED", made, f"A {spoken(made['amount'])} capture payment was refunded")
    else:
        emit(
            here, f"PAYMENT.REFUND.{made['status']}", made, f"A refund of {spoken(made['amount'])} is pending or failed"
        )


def _left(here: Sandbox, taken: Row) -> int:
    given = [
        minor(item["refund"]["amount"])
        for item in here.store.rows("paypal.refunds")
        if item["capture_id"] == taken["id"] and item["refund"]["status"] != "FAILED"
    ]
    return minor(taken["amount"]) - sum(given)
