"""Money is an integer of minor units with its currency. No float, no division without a written rule."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# ISO 4217 currencies whose minor unit is not one hundredth; the ariary's fifths are not in use. Providers deviate in
# places: see `providers/currencies.py`.
EXPONENTS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "MGA": 0, "PYG": 0, "RWF": 0,
    "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
# ISO 4217's currencies of countries, without funds, metals and codes for tests.
CURRENCIES = frozenset({
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BHD", "BIF", "BMD", "BND",
    "BOB", "BRL", "BSD", "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CLP", "CNY", "COP", "CRC", "CUP", "CVE",
    "CZK", "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD",
    "GNF", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "IQD", "IRR", "ISK", "JMD", "JOD", "JPY",
    "KES", "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "LYD", "MAD",
    "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO",
    "NOK", "NPR", "NZD", "OMR", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "PYG", "QAR", "RON", "RSD", "RUB", "RWF",
    "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SYP", "SZL", "THB", "TJS",
    "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU", "UZS", "VES", "VND", "VUV", "WST",
    "XAF", "XCD", "XCG", "XOF", "XPF", "YER", "ZAR", "ZMW", "ZWG",
})  # fmt: skip
# What can be paid comes in steps of so many minor units: no provider takes the last digit of a three-decimal currency,
# and fillers and New Taiwan cents exist in books only.
STEPS = {"BHD": 10, "IQD": 10, "JOD": 10, "KWD": 10, "LYD": 10, "OMR": 10, "TND": 10, "HUF": 100, "TWD": 100}
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
DECIMAL = re.compile(r"(?P<units>0|[1-9][0-9]{0,11})(?:\.(?P<places>[0-9]{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """`minor` units (cents for USD) of an ISO 4217 `currency` in upper case. Negative amounts are refunds."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValueError("a currency is three upper-case letters")

    @property
    def exponent(self) -> int:
        return EXPONENTS.get(self.currency, 2)

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError("amounts of two currencies cannot be added")
        return Money(self.minor + other.minor, self.currency)

    @classmethod
    def parse(cls, text: str, currency: str) -> Money:
        """What `decimal` writes, and whole units without places: `12.50` and `12` for USD, `1250` for JPY.

        No sign, no thousands, no place too few or too many: raises ValueError, for nobody may guess at a price.
        """
        found = DECIMAL.fullmatch(text)
        exponent = cls(0, currency).exponent
        if found is None or len(found["places"] or "") not in {0, exponent}:
            raise ValueError("not an amount of this currency")
        return cls(int(found["units"] + (found["places"] or "0" * exponent)), currency)

    def decimal(self) -> str:
        """`12.50`, with as many places as the currency has."""
        sign, digits = ("-" if self.minor < 0 else ""), str(abs(self.minor)).rjust(self.exponent + 1, "0")
        if not self.exponent:
            return sign + digits
        return f"{sign}{digits[: -self.exponent]}.{digits[-self.exponent :]}"

    def __str__(self) -> str:
        symbol = SYMBOLS.get(self.currency)
        if symbol is None:
            return f"{self.decimal()} {self.currency}"
        return f"-{symbol}{self.decimal()[1:]}" if self.minor < 0 else f"{symbol}{self.decimal()}"


def step_of(currency: str) -> int:
    """How many minor units the smallest amount is that can be paid: prices and taxes are multiples of it."""
    return STEPS.get(currency, 1)


def rounded_share(amount: int, numerator: int, denominator: int, step: int = 1) -> int:
    """`amount * numerator / denominator`, rounded half up to a multiple of `step`. None of them is negative."""
    return (2 * amount * numerator + denominator * step) // (2 * denominator * step) * step


def split_by_largest_remainder(total: int, weights: Sequence[int], step: int = 1) -> tuple[int, ...]:
    """`total` as one share a weight, in proportion, adding up to `total` to the unit.

    Every share is rounded down to a multiple of `step`, and what is left goes, a step at a time, to the largest
    remainders; of equal ones to the first. What is no whole step of the total goes with the last of them. Neither
    `total` nor a weight may be negative; weights that are all 0 count alike. Raises ValueError without weights.
    """
    if not weights or total < 0 or min(weights) < 0:
        raise ValueError("a split needs weights, and nothing of it may be negative")
    weights = weights if any(weights) else [1] * len(weights)
    whole = sum(weights)
    steps, odd = divmod(total, step)
    shares = [steps * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-(steps * weights[place] % whole), place))
    left = steps - sum(shares)
    for place in by_remainder[:left]:
        shares[place] += 1
    spread = [share * step for share in shares]
    spread[by_remainder[max(left - 1, 0)]] += odd
    return tuple(spread)
