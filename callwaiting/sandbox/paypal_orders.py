"""What happens to a PayPal order: created, approved by the payer, captured, refunded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.paypal_events import emit, now_text
from callwaiting.sandbox.store import Row, new_id

# developer.paypal.com/api/rest/reference/currency-codes: these take no decimals, the others exactly two here.
_WHOLE_CURRENCIES = frozenset({"HUF", "JPY", "TWD"})


class PayPalRefusal(Exception):
    """An error that PayPal would answer."""

    def __init__(self, status: int, name: str, issue: str, description: str, field: str = "") -> None:
        super().__init__(description)
        self.status, self.name, self.issue, self.description, self.field = status, name, issue, description, field


class NotPossible(ValueError):
    """The order is past the state in which this can be done."""


def unprocessable(issue: str, description: str, field: str = "") -> PayPalRefusal:
    return PayPalRefusal(422, "UNPROCESSABLE_ENTITY", issue, description, field)


def paypal_id() -> str:
    return new_id("", 17).upper()


def create(here: Sandbox, given: Mapping[str, Any]) -> Row:
    """Make an order. Raises PayPalRefusal."""
    if given.get("intent") != "CAPTURE":
        raise PayPalRefusal(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE", "Only CAPTURE is taken here.", "/intent")
    units = given.get("purchase_units")
    if not isinstance(units, list) or not units or not all(isinstance(unit, dict) for unit in units):
        raise PayPalRefusal(
            400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER", "A required field is missing.", "/purchase_units"
        )
    shown = []
    for index, unit in enumerate(units):
        check_amount(unit.get("amount"), f"/purchase_units/{index}/amount")
        check_breakdown(unit, f"/purchase_units/{index}")
        names = ("amount", "custom_id", "description", "invoice_id", "items")
        kept = {name: unit[name] for name in names if name in unit}
        shown.append({"reference_id": unit.get("reference_id", "default"), **kept})
    source = given.get("payment_source") or {}
    context = (source.get("paypal") or {}).get("experience_context") or given.get("application_context") or {}
    order_id = paypal_id()
    order: dict[str, Any] = {
        "id": order_id,
        "intent": "CAPTURE",
        "status": "PAYER_ACTION_REQUIRED" if source else "CREATED",
        "purchase_units": shown,
        "create_time": now_text(),
        "links": _links(here, order_id),
    }
    if source:
        order["payment_source"] = {"paypal": {}}
    row: Row = {
        "order": order,
        "return_url": context.get("return_url", ""),
        "cancel_url": context.get("cancel_url", ""),
        "overrides": {},
    }
    here.store.put("paypal.orders", order_id, row)
    return row


def approve(here: Sandbox, order_id: str, overrides: Mapping[str, Any]) -> Row | None:
    """The payer agrees. None if there is no such order. Raises NotPossible when it is approved already.

    For bad days `overrides` give the later capture a `capture_status` or another `capture_value` or
    `capture_currency` than the order's.
    """
    with here.store.transaction():
        row = here.store.get("paypal.orders", order_id)
        if row is None:
            return None
        if row["order"]["status"] not in {"CREATED", "PAYER_ACTION_REQUIRED"}:
            raise NotPossible(f"the order is {row['order']['status']}")
        payer = {
            "payer_id": paypal_id()[:13],
            "email_address": "payer@example.com",
            "name": {"given_name": "Pat", "surname": "Payer"},
        }
        order = {**row["order"], "status": "APPROVED", "payer": payer}
        row = {**row, "order": order, "overrides": dict(overrides)}
        here.store.put("paypal.orders", order_id, row)
        emit(here, "CHECKOUT.ORDER.APPROVED", order, "An order has been approved by buyer")
        return row


def lapse(here: Sandbox, order_id: str) -> Row | None:
    """Nobody has captured the order in time: it is shown no more. None if there is no such order. Raises NotPossible
    when its money was taken."""
    with here.store.transaction():
        row = here.store.get("paypal.orders", order_id)
        if row is None:
            return None
        if row["order"]["status"] == "COMPLETED":
            raise NotPossible("the order is COMPLETED")
        here.store.put("paypal.orders", order_id, {**row, "lapsed": True})
        order: Row = row["order"]
        if order["status"] == "APPROVED":
            told = {"order_id": order_id, "purchase_units": order["purchase_units"]}
            emit(here, "CHECKOUT.PAYMENT-APPROVAL.REVERSED", told, "A payment has been reversed after approval.")
        return order


def capture(here: Sandbox, row: Row) -> Row:
    """Take the money of an approved order; answers the order. Raises PayPalRefusal."""
    order = row["order"]
    if order["status"] == "COMPLETED":
        raise unprocessable("ORDER_ALREADY_CAPTURED", "Order already captured.")
    if order["status"] != "APPROVED":
        raise unprocessable("ORDER_NOT_APPROVED", "Payer has not yet approved the Order for payment.")
    invoices = {unit["invoice_id"] for unit in order["purchase_units"] if unit.get("invoice_id")}
    if any(taken.get("invoice_id") in invoices for taken in here.store.rows("paypal.captures")):
        raise unprocessable("DUPLICATE_INVOICE_ID", "Duplicate Invoice ID detected.")
    overrides = row["overrides"]
    status = str(overrides.get("capture_status", "COMPLETED"))
    units = []
    for unit in order["purchase_units"]:
        taken = _new_capture(here, order["id"], unit, status, overrides)
        here.store.put("paypal.captures", taken["id"], taken)
        units.append({**unit, "payments": {"captures": [taken]}})
        kind = {"COMPLETED": "COMPLETED", "PENDING": "PENDING"}.get(status, "DENIED")
        emit(here, f"PAYMENT.CAPTURE.{kind}", taken, f"Payment {kind.lower()} for {spoken(taken['amount'])}")
    order = {**order, "status": "COMPLETED", "purchase_units": units, "update_time": now_text()}
    here.store.put("paypal.orders", order["id"], {**row, "order": order})
    return order


def shown(here: Sandbox, order: Row) -> Row:
    """The order with its captures as they stand now, and what was given back of them."""
    units = []
    for unit in order["purchase_units"]:
        ids = [taken["id"] for taken in unit.get("payments", {}).get("captures", [])]
        if not ids:
            units.append(unit)
            continue
        captures = [here.store.get("paypal.captures", capture_id) for capture_id in ids]
        given = [row["refund"] for row in here.store.rows("paypal.refunds") if row["capture_id"] in ids]
        units.append({**unit, "payments": {"captures": captures, "refunds": given}})
    return {**order, "purchase_units": units}


def settle(here: Sandbox, capture_id: str, *, completed: bool) -> Row | None:
    """The outcome of a capture that is pending. None if there is no such capture. Raises NotPossible."""
    with here.store.transaction():
        taken = here.store.get("paypal.captures", capture_id)
        if taken is None:
            return None
        if taken["status"] != "PENDING":
            raise NotPossible(f"the capture is {taken['status']}")
        kept = {name: value for name, value in taken.items() if name != "status_details"}
        taken = {**kept, "status": "COMPLETED" if completed else "DECLINED", "update_time": now_text()}
        here.store.put("paypal.captures", capture_id, taken)
        kind = "COMPLETED" if completed else "DENIED"
        emit(here, f"PAYMENT.CAPTURE.{kind}", taken, f"Payment {kind.lower()} for {spoken(taken['amount'])}")
        return taken


def change(here: Sandbox, capture_id: str, changed: Mapping[str, Any]) -> Row | None:
    """Make PayPal's books of a capture say something else than its events did: `value`, `currency` or `fee_minor`.
    None if there is no such capture."""
    with here.store.transaction():
        taken = here.store.get("paypal.captures", capture_id)
        if taken is None:
            return None
        amount = dict(taken["amount"])
        amount |= {"value": str(changed["value"])} if "value" in changed else {}
        amount |= {"currency_code": str(changed["currency"])} if "currency" in changed else {}
        taken = {**taken, "amount": amount}
        if "fee_minor" in changed:
            taken = {**taken, "seller_receivable_breakdown": _breakdown(amount, int(changed["fee_minor"]))}
        here.store.put("paypal.captures", capture_id, taken)
        return taken


def check_amount(amount: object, field: str) -> None:
    """Refuse what is not an amount with the currency's decimals. Raises PayPalRefusal."""
    if not isinstance(amount, dict):
        raise PayPalRefusal(400, "INVALID_REQUEST", "MISSING_REQUIRED_PARAMETER", "A required field is missing.", field)
    currency, value = amount.get("currency_code"), amount.get("value")
    if not isinstance(currency, str) or re.fullmatch(r"[A-Z]{3}", currency) is None:
        raise unprocessable("INVALID_CURRENCY_CODE", "Currency code is invalid.", f"{field}/currency_code")
    pattern = r"\d{1,32}" if currency in _WHOLE_CURRENCIES else r"\d{1,29}\.\d{2}"
    if not isinstance(value, str) or re.fullmatch(pattern, value) is None:
        raise unprocessable("DECIMAL_PRECISION", "The value has not the currency's decimals.", f"{field}/value")
    if not value.strip("0."):
        raise unprocessable("CANNOT_BE_ZERO_OR_NEGATIVE", "Must be greater than zero.", f"{field}/value")


def check_breakdown(unit: Mapping[str, Any], field: str) -> None:
    """Refuse a breakdown or items that do not add up, as PayPal does. Raises PayPalRefusal."""
    breakdown, items = unit["amount"].get("breakdown"), unit.get("items") or []
    if breakdown is None:
        if items:
            raise unprocessable("ITEM_TOTAL_REQUIRED", "Items need a breakdown.", f"{field}/amount/breakdown")
        return
    sums = {name: minor(part) for name, part in breakdown.items()}
    if sum(sums.values()) - 2 * sums.get("discount", 0) != minor(unit["amount"]):
        raise unprocessable("AMOUNT_MISMATCH", "The breakdown does not add up to the amount.", f"{field}/amount/value")
    for name, total in (("unit_amount", "item_total"), ("tax", "tax_total")):
        parts = [int(item["quantity"]) * minor(item[name]) for item in items if name in item]
        if parts and sum(parts) != sums.get(total, 0):
            issue = "ITEM_TOTAL_MISMATCH" if total == "item_total" else "TAX_TOTAL_MISMATCH"
            raise unprocessable(issue, "The items do not add up to it.", f"{field}/amount/breakdown/{total}")


def minor(amount: Mapping[str, str]) -> int:
    return int(amount["value"].replace(".", ""))


def money(units: int, currency: str) -> dict[str, str]:
    value = str(units) if currency in _WHOLE_CURRENCIES else f"{units // 100}.{units % 100:02d}"
    return {"currency_code": currency, "value": value}


def _new_capture(here: Sandbox, order_id: str, unit: Row, status: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    amount = {
        "currency_code": str(overrides.get("capture_currency", unit["amount"]["currency_code"])),
        "value": str(overrides.get("capture_value", unit["amount"]["value"])),
    }
    capture_id = paypal_id()
    taken = {
        "id": capture_id,
        "status": status,
        "amount": amount,
        "final_capture": True,
        "seller_protection": {"status": "ELIGIBLE"},
        "supplementary_data": {"related_ids": {"order_id": order_id}},
        "create_time": now_text(),
        "update_time": now_text(),
        "links": [
            link(here, f"v2/payments/captures/{capture_id}", "self"),
            link(here, f"v2/payments/captures/{capture_id}/refund", "refund", "POST"),
            link(here, f"v2/checkout/orders/{order_id}", "up"),
        ],
    }
    if status == "COMPLETED" and here.behaviours.fee_minor:
        taken["seller_receivable_breakdown"] = _breakdown(amount, here.behaviours.fee_minor)
    if status == "PENDING":
        taken["status_details"] = {"reason": "PENDING_REVIEW"}
    return taken | {name: unit[name] for name in ("custom_id", "invoice_id") if name in unit}


def _breakdown(amount: Mapping[str, str], fee_minor: int) -> dict[str, object]:
    currency = amount["currency_code"]
    return {
        "gross_amount": dict(amount),
        "paypal_fee": money(fee_minor, currency),
        "net_amount": money(minor(amount) - fee_minor, currency),
    }


def _links(here: Sandbox, order_id: str) -> list[dict[str, str]]:
    page = f"{here.config.public_base_url}/paypal/approve/{order_id}"
    return [
        link(here, f"v2/checkout/orders/{order_id}", "self"),
        {"href": page, "rel": "payer-action", "method": "GET"},
        {"href": page, "rel": "approve", "method": "GET"},
        link(here, f"v2/checkout/orders/{order_id}/capture", "capture", "POST"),
    ]


def link(here: Sandbox, path: str, rel: str, method: str = "GET") -> dict[str, str]:
    return {"href": f"{here.config.public_base_url}/paypal/{path}", "rel": rel, "method": method}


def spoken(amount: Mapping[str, str]) -> str:
    return f"{amount['value']} {amount['currency_code']}"
