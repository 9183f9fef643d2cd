"""Money as PayPal writes it: a decimal text (developer.paypal.com/reference/currency-codes)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from callwaiting.core.money import Money
from callwaiting.providers.ports import PayloadInvalid, ProviderRejected

# PayPal takes no decimals here, though ISO 4217 has two for HUF and TWD.
WHOLE_UNITS = {"HUF", "JPY", "TWD"}
_VALUE = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,3}))?", re.ASCII)


def to_paypal(money: Money) -> dict[str, str]:
    """`{currency_code, value}`. Raises ProviderRejected for an amount that PayPal cannot take without rounding."""
    places = 0 if money.currency in WHOLE_UNITS else 2
    scaled, rest = divmod(money.minor * 10**places, 10**money.exponent)
    if rest or scaled <= 0:
        raise ProviderRejected(f"PayPal cannot take {money.minor} minor units of {money.currency}")
    digits = str(scaled).rjust(places + 1, "0")
    value = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return {"currency_code": money.currency, "value": value}


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
