"""What happens to a Checkout Session: it is paid, declined, settled late, or runs out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row, new_id
from callwaiting.sandbox.stripe_events import emit
from callwaiting.sandbox.stripe_objects import new_charge, new_payment_intent, session_face

# Stripe, docs.stripe.com/currencies: these have no minor unit, or a thousandth.
_WHOLE = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
)
_THOUSANDTHS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


class NotOpen(ValueError):
    """The session is complete or expired, or cannot be changed in this way."""


def find(here: Sandbox, session_id: str) -> Row | None:
    """A session's row (`account`, `object`) after running out if its time has come."""
    with here.store.transaction():
        row = here.store.get("stripe.sessions", session_id)
        if row is not None and row["object"]["status"] == "open" and row["object"]["expires_at"] <= time.time():
            return expire(here, row)
        return row


def expire(here: Sandbox, row: Row) -> Row:
    """Close an open session unpaid. Raises NotOpen."""
    _require_open(row)
    return _save(here, row, "checkout.session.expired", {"status": "expired"})


def pay(here: Sandbox, row: Row, overrides: Mapping[str, Any]) -> Row:
    """Pay an open session and send the events. Raises NotOpen.

    For bad days `overrides` may give another `amount_total` or `currency` than asked, or `payment_status` "unpaid"
    for a method that settles later.
    """
    with here.store.transaction():
        _require_open(row)
        session = row["object"]
        amount = int(overrides.get("amount_total", session["amount_total"]))
        currency = str(overrides.get("currency", session["currency"]))
        status = str(overrides.get("payment_status", "paid"))
        paid = status == "paid"
        charge_id = new_id("ch_", 24)
        intent = new_payment_intent(session, amount, currency, "succeeded" if paid else "processing", charge_id)
        change = {
            "status": "complete",
            "payment_status": status,
            "amount_total": amount,
            "amount_subtotal": amount,
            "currency": currency,
            "payment_intent": intent["id"],
            "customer_details": {"email": session["customer_email"] or "payer@example.com", "name": "Pat Payer"},
        }
        charge = new_charge(charge_id, intent, paid=True)
        put(here, "stripe.payment_intents", row["account"], intent)
        if paid:
            put(here, "stripe.charges", row["account"], charge)
        row = _save(here, row, "checkout.session.completed", change)
        if paid:
            emit(here, "payment_intent.succeeded", row["account"], intent)
            emit(here, "charge.succeeded", row["account"], charge)
        return row


def settle(here: Sandbox, row: Row, *, succeeded: bool) -> Row:
    """Bring the late outcome of a session that was completed unpaid. Raises NotOpen."""
    with here.store.transaction():
        session = row["object"]
        if session["status"] != "complete" or session["payment_status"] != "unpaid":
            raise NotOpen("the session is not waiting for its payment")
        kept = here.store.get("stripe.payment_intents", session["payment_intent"])
        if kept is None:
            raise NotOpen("the session has no payment")
        intent = kept["object"]
        charge = new_charge(intent["latest_charge"], intent, paid=succeeded)
        status = "succeeded" if succeeded else "requires_payment_method"
        intent = {**intent, "status": status, "amount_received": intent["amount"] if succeeded else 0}
        put(here, "stripe.payment_intents", row["account"], intent)
        put(here, "stripe.charges", row["account"], charge)
        if not succeeded:
            return _save(here, row, "checkout.session.async_payment_failed", {})
        row = _save(here, row, "checkout.session.async_payment_succeeded", {"payment_status": "paid"})
        emit(here, "payment_intent.succeeded", row["account"], intent)
        emit(here, "charge.succeeded", row["account"], charge)
        return row


def decline(here: Sandbox, row: Row) -> None:
    """The card is refused; the session stays open for another try. Raises NotOpen."""
    with here.store.transaction():
        _require_open(row)
        session = row["object"]
        charge_id = new_id("ch_", 24)
        intent = new_payment_intent(
            session, session["amount_total"], session["currency"], "requires_payment_method", charge_id
        )
        charge = new_charge(charge_id, intent, paid=False)
        intent["last_payment_error"] = {"type": "card_error", "code": "card_declined", "charge": charge_id}
        put(here, "stripe.payment_intents", row["account"], intent)
        put(here, "stripe.charges", row["account"], charge)
        emit(here, "charge.failed", row["account"], charge)
        emit(here, "payment_intent.payment_failed", row["account"], intent)


def shown_amount(units: int, currency: str) -> str:
    """Minor units as people write them: 1250, usd -> 12.50 USD."""
    places = 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2
    whole, part = divmod(units, 10**places)
    return f"{whole}.{part:0{places}d} {currency.upper()}" if places else f"{whole} {currency.upper()}"


def put(here: Sandbox, table: str, account: str, item: Mapping[str, Any]) -> None:
    here.store.put(table, item["id"], {"account": account, "object": item})


def _require_open(row: Row) -> None:
    if row["object"]["status"] != "open":
        raise NotOpen(f"the session is {row['object']['status']}")


def _save(here: Sandbox, row: Row, event: str, change: Mapping[str, Any]) -> Row:
    with here.store.transaction():
        session = {**row["object"], **change}
        put(here, "stripe.sessions", row["account"], session)
        emit(here, event, row["account"], session_face(session))
    return {"account": row["account"], "object": session}
