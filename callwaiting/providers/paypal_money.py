"""Money as PayPal writes it: a decimal text (developer.paypal.com/reference/currency-codes)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from callwaiting.core.money import Money, split_by_largest_remainder
from callwaiting.providers.currencies import AMOUNT_NOT_TAKEN, paypal_places, paypal_units
from callwaiting.providers.ports import CheckoutRequest, PayloadInvalid, ProviderRejected

MAX_NAME = 127
_VALUE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))?", re.ASCII)


def to_paypal(money: Money) -> dict[str, str]:
    """`{currency_code, value}`. Raises ProviderRejected for an amount that PayPal cannot take without rounding."""
    units = paypal_units(money)
    if units <= 0:
        detail = f"PayPal cannot take {money.minor} minor units of {money.currency}"
        raise ProviderRejected(detail, provider_code=AMOUNT_NOT_TAKEN)
    return written(units, money.currency)


def written(units: int, currency: str) -> dict[str, str]:
    """`{currency_code, value}` of so many units of the last place that PayPal writes."""
    places = paypal_places(currency)
    digits = str(units).rjust(places + 1, "0")
    value = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return {"currency_code": currency, "value": value}


def purchase(request: CheckoutRequest) -> dict[str, object]:
    """Amount, breakdown and items of an order (developer.paypal.com/docs/api/orders/v2, `purchase_units`). Net amounts
    and taxes add up to the amount: where one does not fit PayPal's units, others make up for it; the total stays."""
    amount: dict[str, object] = {**to_paypal(request.amount)}
    if not request.lines:
        return {"amount": amount}
    currency, lines = request.amount.currency, request.lines
    weights = [*(line.net.minor for line in lines), *(line.tax.minor for line in lines)]
    parts = split_by_largest_remainder(paypal_units(request.amount), weights)
    nets, taxes = parts[: len(lines)], parts[len(lines) :]
    amount["breakdown"] = {"item_total": written(sum(nets), currency), "tax_total": written(sum(taxes), currency)}
    items = [
        {
            "name": line.title[:MAX_NAME],
            "quantity": "1",
            "unit_amount": written(net, currency),
            "tax": written(tax, currency),
        }
        for line, net, tax in zip(lines, nets, taxes, strict=True)
    ]
    return {"amount": amount, "items": items}


def from_paypal(amount: object) -> Money:
    """The amount of a PayPal resource, to the last digit. Raises PayloadInvalid."""
    fields: Mapping[str, object] = amount if isinstance(amount, dict) else {}
    currency, value = fields.get("currency_code"), fields.get("value")
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency) or not isinstance(value, str):
        raise PayloadInvalid("the amount has no currency or value")
    match = _VALUE.fullmatch(value)
    if match is None:
        raise PayloadInvalid("the value is not a decimal")
    exponent = Money(0, currency).exponent
    decimals = (match[2] or "").ljust(exponent, "0")
    if decimals[exponent:].strip("0"):
        raise PayloadInvalid("the value is finer than its currency")
    return Money(int(match[1] + decimals[:exponent]), currency)
