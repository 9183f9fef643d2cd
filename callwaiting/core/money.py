"""Money is an integer of minor units with its currency. No float, no division without a written rule."""

from __future__ import annotations

import re
from dataclasses import dataclass

# ISO 4217 currencies whose minor unit is not one hundredth. Providers deviate in places: see their adapters.
EXPONENTS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "JPY": 0, "KMF": 0, "KRW": 0, "MGA": 0, "PYG": 0, "RWF": 0, "VND": 0,
    "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "JOD": 3, "KWD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip
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
        return f"{symbol}{self.decimal()}" if symbol else f"{self.decimal()} {self.currency}"
