"""What an order costs: the one computation behind the quote, the order, the texts, the page and the receipt.

Integers of minor units only. Tax is worked out line by line and rounded half up to a minor unit, so that the lines
add up to the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money


@dataclass(frozen=True, slots=True)
class LineRequest:
    """What a caller wants of one item."""

    item_id: UUID
    quantity: int


@dataclass(frozen=True, slots=True)
class Line:
    """One priced line. `net_minor + tax_minor` is what it costs in all."""

    item_id: UUID
    name: str
    quantity: int
    unit_price: Money
    net_minor: int
    tax_minor: int

    @property
    def amount(self) -> Money:
        """Quantity times unit price: with tax where prices include it, else without."""
        return Money(self.quantity * self.unit_price.minor, self.unit_price.currency)


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines with their sums. `subtotal` is without tax; `subtotal + tax == total`."""

    lines: tuple[Line, ...]
    currency: str
    tax_basis_points: int
    tax_inclusive: bool

    @property
    def subtotal(self) -> Money:
        return Money(sum(line.net_minor for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        return Money(sum(line.tax_minor for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        return self.subtotal + self.tax


def price_line(
    item_id: UUID, name: str, unit_price: Money, quantity: int, *, tax_basis_points: int, tax_inclusive: bool
) -> Line:
    """One line with its tax; 825 basis points are 8.25 %."""
    amount = quantity * unit_price.minor
    if tax_inclusive:
        tax = _half_up(amount * tax_basis_points, 10_000 + tax_basis_points)
        return Line(item_id, name, quantity, unit_price, amount - tax, tax)
    return Line(item_id, name, quantity, unit_price, amount, _half_up(amount * tax_basis_points, 10_000))


def merged(lines: Sequence[LineRequest]) -> tuple[LineRequest, ...]:
    """One line an item, in the order of first mention."""
    quantities: dict[UUID, int] = {}
    for line in lines:
        quantities[line.item_id] = quantities.get(line.item_id, 0) + line.quantity
    return tuple(LineRequest(item_id, quantity) for item_id, quantity in quantities.items())


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
