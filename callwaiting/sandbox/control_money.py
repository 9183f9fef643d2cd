"""Controls of bad days with money: disputes, books that differ from the events, captures that end late."""

from __future__ import annotations

from flask import Response, jsonify

from callwaiting.sandbox import disputes, paypal_orders, stripe_books
from callwaiting.sandbox.context import sandbox
from callwaiting.sandbox.control import Wrong, body_of, bp
from callwaiting.sandbox.store import Row

__all__ = ["bp"]


@bp.post("/stripe/payments/<intent_id>/dispute")
def dispute_payment(intent_id: str) -> Response:
    """Dispute a payment: `amount`, `reason`; `inquiry` when the bank only asks."""
    return _answer(disputes.open_stripe(sandbox(), intent_id, body_of()), intent_id)


@bp.post("/stripe/disputes/<dispute_id>/<any(win, lose):what>")
def end_dispute(dispute_id: str, what: str) -> Response:
    return _answer(disputes.end_stripe(sandbox(), dispute_id, won=what == "win"), dispute_id)


@bp.post("/stripe/payments/<intent_id>/change")
def change_payment(intent_id: str) -> Response:
    """Let Stripe's books say another `amount`, `currency` or `fee` than its events did."""
    return _answer(stripe_books.change(sandbox(), intent_id, body_of()), intent_id)


@bp.post("/paypal/captures/<capture_id>/dispute")
def dispute_capture(capture_id: str) -> Response:
    """Dispute a capture: `value`, `reason`; `inquiry` while it is between payer and seller."""
    return _answer(disputes.open_paypal(sandbox(), capture_id, body_of()), capture_id)


@bp.post("/paypal/disputes/<dispute_id>/<any(win, lose):what>")
def end_paypal_dispute(dispute_id: str, what: str) -> Response:
    """PayPal decides; `refunded` when it also tells of the lost money as a refund."""
    refunded = bool(body_of().get("refunded"))
    return _answer(disputes.end_paypal(sandbox(), dispute_id, won=what == "win", refunded=refunded), dispute_id)


@bp.post("/paypal/orders/<order_id>/lapse")
def lapse_order(order_id: str) -> Response:
    """Let the time run out in which an order can be captured."""
    return _answer(paypal_orders.lapse(sandbox(), order_id), order_id)


@bp.post("/paypal/captures/<capture_id>/<any(complete, deny):what>")
def settle_capture(capture_id: str, what: str) -> Response:
    """The outcome of a capture that is pending."""
    return _answer(paypal_orders.settle(sandbox(), capture_id, completed=what == "complete"), capture_id)


@bp.post("/paypal/captures/<capture_id>/change")
def change_capture(capture_id: str) -> Response:
    """Let PayPal's books say another `value`, `currency` or `fee_minor` than its events did."""
    return _answer(paypal_orders.change(sandbox(), capture_id, body_of()), capture_id)


def _answer(made: Row | None, sought: str) -> Response:
    if made is None:
        raise Wrong(404, f"no such order, payment or dispute: {sought}")
    return jsonify(made)
