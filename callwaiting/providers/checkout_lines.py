"""What a payer's page at a provider shows of an order."""

from __future__ import annotations

from dataclasses import dataclass

from callwaiting.core.money import Money


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """A line as the payer's page shows it: `title` and quantity are in the words, `net + tax` is what it costs."""

    title: str
    net: Money
    tax: Money
