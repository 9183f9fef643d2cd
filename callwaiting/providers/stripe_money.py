"""Stripe's books: lines of the balance, and what each is about (docs.stripe.com/api/balance_transactions/object).

A line's amount and fee are in the currency of the account's balance. What the payer paid stands in its source, in the
currency of the payment, and that is what is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from callwaiting.core.money import Money
from callwaiting.providers.currencies import from_stripe
from callwaiting.providers.lists import MoneyEntry
from callwaiting.providers.ports import PayloadInvalid, ProviderUnavailable

Json = Mapping[str, object]
Subject = Literal["payment", "refund", "dispute"]


def of_line(line: Json) -> MoneyEntry | None:
    """The movement that a line of the balance tells of; None for what is no payer's money: payouts, Stripe's own
    invoices, transfers."""
    source = _mapping(line.get("source"))
    match source.get("object"):
        case "charge":
            return _charge(source, line)
        case "refund":
            return of_refund(source, line)
        case "dispute":
            payment_id = _text(source, "payment_intent") or _text(source, "charge")
            return _entry("dispute", source, payment_id, _amount(source, "amount"), line)
    return None


def of_intent(intent: Json) -> Sequence[MoneyEntry]:
    """The payment of a PaymentIntent whose charge is expanded; none while no money was taken."""
    charge = _mapping(intent.get("latest_charge"))
    if not charge or charge.get("paid") is not True:
        return []
    line = charge.get("balance_transaction")
    return [_charge(charge, _mapping(line))]


def of_refund(refund: Json, line: Json | None = None) -> MoneyEntry:
    return _entry("refund", refund, _text(refund, "payment_intent"), _amount(refund, "amount"), line or {})


def _charge(charge: Json, line: Json) -> MoneyEntry:
    """A payment is known by its PaymentIntent. It has moved once it is paid; a charge that fails is listed too."""
    payment_id = _text(charge, "payment_intent") or _text(charge, "id")
    captured = "amount_captured" if isinstance(charge.get("amount_captured"), int) else "amount"
    entry = _entry("payment", charge, payment_id, _amount(charge, captured), line)
    return replace(entry, object_id=payment_id, done=charge.get("paid") is True)


def _entry(subject: Subject, source: Json, payment_id: str, amount: Money, line: Json) -> MoneyEntry:
    return MoneyEntry(
        subject=subject,
        object_id=_text(source, "id"),
        payment_id=payment_id,
        amount=amount,
        done=source.get("status") == "succeeded",
        entry_id=_text(line, "id"),
        reference=_text(_mapping(source.get("metadata")), "reference"),
        fee=_fee(line),
    )


def _fee(line: Json) -> Money | None:
    fee, currency = line.get("fee"), line.get("currency")
    if not isinstance(fee, int) or not fee or not isinstance(currency, str):
        return None
    return _money(fee, currency)


def _amount(source: Json, name: str) -> Money:
    """Raises ProviderUnavailable for a form that Stripe does not document."""
    amount, currency = source.get(name), source.get("currency")
    if not isinstance(amount, int) or not isinstance(currency, str) or len(currency) != 3:
        raise ProviderUnavailable("Stripe lists money in an unknown form")
    return _money(amount, currency)


def _money(amount: int, currency: str) -> Money:
    try:
        return from_stripe(amount, currency)
    except PayloadInvalid as error:
        raise ProviderUnavailable("Stripe lists money in an unknown form") from error


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(fields: Json, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
