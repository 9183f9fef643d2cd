"""Stripe's objects in their wire form, with the fields that a payment flow reads."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from callwaiting.sandbox.store import Row, new_id
from callwaiting.sandbox.stripe_answers import StripeRefusal, whole
from callwaiting.sandbox.stripe_forms import Form

SESSION_PARAMS = frozenset(
    [
        "automatic_tax",
        "billing_address_collection",
        "cancel_url",
        "client_reference_id",
        "currency",
        "custom_text",
        "customer",
        "customer_creation",
        "customer_email",
        "expand",
        "expires_at",
        "invoice_creation",
        "line_items",
        "locale",
        "metadata",
        "mode",
        "payment_intent_data",
        "payment_method_types",
        "phone_number_collection",
        "submit_type",
        "success_url",
        "ui_mode",
    ]
)
_MIN_LIFE, _MAX_LIFE = 30 * 60, 24 * 3600  # seconds; docs.stripe.com/api/checkout/sessions/create, expires_at
_CLOCK_GRACE = 60


def new_session(form: Form, base_url: str) -> dict[str, Any]:
    """A Checkout Session from its parameters. Raises StripeRefusal as Stripe would refuse them."""
    if unknown := sorted(set(form) - SESSION_PARAMS):
        raise StripeRefusal(f"Received unknown parameter: {unknown[0]}", code="parameter_unknown", param=unknown[0])
    if form.get("mode") != "payment":
        raise StripeRefusal("Only mode=payment is taken here.", code="parameter_missing", param="mode")
    if not form.get("success_url"):
        raise StripeRefusal("Missing required param: success_url.", code="parameter_missing", param="success_url")
    lines = _lines(form.get("line_items"))
    currency = lines[0]["currency"]
    total = sum(line["amount_total"] for line in lines)
    now = int(time.time())
    expires = whole(form["expires_at"], "expires_at") if "expires_at" in form else now + _MAX_LIFE
    if not now + _MIN_LIFE - _CLOCK_GRACE <= expires <= now + _MAX_LIFE + _CLOCK_GRACE:
        raise StripeRefusal("`expires_at` must be 30 minutes to 24 hours from now.", param="expires_at")
    session_id = new_id("cs_test_", 58)
    return {
        "id": session_id,
        "object": "checkout.session",
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": form.get("billing_address_collection"),
        "cancel_url": form.get("cancel_url"),
        "client_reference_id": form.get("client_reference_id"),
        "consent": None,
        "created": now,
        "currency": currency,
        "custom_fields": [],
        "customer": form.get("customer"),
        "customer_creation": form.get("customer_creation", "if_required"),
        "customer_details": None,
        "customer_email": form.get("customer_email"),
        "expires_at": expires,
        "livemode": False,
        "locale": form.get("locale"),
        "metadata": dict(form.get("metadata") or {}),
        "mode": "payment",
        "payment_intent": None,
        "payment_intent_data": form.get("payment_intent_data") or {},
        "payment_method_types": form.get("payment_method_types") or ["card"],
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "setup_intent": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": form.get("submit_type"),
        "subscription": None,
        "success_url": form["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted",
        "url": f"{base_url}/stripe/pay/{session_id}",
        "lines": lines,
    }


def session_face(session: Row) -> dict[str, object]:
    """The session as the API shows it: the parts kept for later are hidden, and only an open one has a URL."""
    face = {name: value for name, value in session.items() if name not in {"lines", "payment_intent_data"}}
    return face | {"url": session["url"] if session["status"] == "open" else None}


def new_payment_intent(session: Row, amount: int, currency: str, status: str, charge_id: str | None) -> dict[str, Any]:
    data = session["payment_intent_data"]
    intent_id = new_id("pi_", 24)
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": amount if status == "succeeded" else 0,
        "application_fee_amount": int(data["application_fee_amount"]) if "application_fee_amount" in data else None,
        "canceled_at": None,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{new_id('', 24)}",
        "confirmation_method": "automatic",
        "created": int(time.time()),
        "currency": currency,
        "customer": None,
        "description": data.get("description"),
        "last_payment_error": None,
        "latest_charge": charge_id,
        "livemode": False,
        "metadata": dict(data.get("metadata") or {}),
        "payment_method": new_id("pm_", 24),
        "payment_method_types": session["payment_method_types"],
        "receipt_email": data.get("receipt_email"),
        "status": status,
    }


def new_charge(charge_id: str, intent: Row, *, paid: bool) -> dict[str, Any]:
    return {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "captured": paid,
        "created": int(time.time()),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_code": None if paid else "card_declined",
        "failure_message": None if paid else "Your card was declined.",
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "receipt_url": None,
        "refunded": False,
        "status": "succeeded" if paid else "failed",
    }


def new_refund(charge: Row, amount: int, form: Mapping[str, Any], status: str) -> dict[str, Any]:
    return {
        "id": new_id("re_", 24),
        "object": "refund",
        "amount": amount,
        "balance_transaction": new_id("txn_", 24),
        "charge": charge["id"],
        "created": int(time.time()),
        "currency": charge["currency"],
        "metadata": dict(form.get("metadata") or {}),
        "payment_intent": charge["payment_intent"],
        "reason": form.get("reason"),
        "receipt_number": None,
        "status": status,
    }


def _lines(items: object) -> list[dict[str, Any]]:
    if not isinstance(items, list) or not items:
        raise StripeRefusal("Missing required param: line_items.", code="parameter_missing", param="line_items")
    lines: list[dict[str, Any]] = []
    for index, item in enumerate(items):
        where = f"line_items[{index}]"
        price = item.get("price_data") if isinstance(item, dict) else None
        product = price.get("product_data") if isinstance(price, dict) else None
        if not isinstance(price, dict) or not isinstance(product, dict) or not product.get("name"):
            raise StripeRefusal("A line needs price_data with product_data.name.", param=where)
        currency = str(price.get("currency", "")).lower()
        if not (len(currency) == 3 and currency.isalpha()):
            raise StripeRefusal(f"Invalid currency: {currency}", param=f"{where}[price_data][currency]")
        if lines and currency != lines[0]["currency"]:
            raise StripeRefusal("All lines must have the same currency.", param=where)
        unit = whole(price.get("unit_amount"), f"{where}[price_data][unit_amount]")
        quantity = whole(item.get("quantity", "1"), f"{where}[quantity]")
        if unit < 0 or quantity < 1:
            raise StripeRefusal("Amounts must not be negative and quantities at least 1.", param=where)
        lines.append(
            {
                "id": new_id("li_", 24),
                "object": "item",
                "amount_subtotal": unit * quantity,
                "amount_total": unit * quantity,
                "currency": currency,
                "description": str(product["name"]),
                "quantity": quantity,
            }
        )
    return lines
