"""What an order costs: the one computation behind the quote, the order, the texts, the page and the receipt.

Integers of minor units only. A discount is spread over the lines first; then the tax of each line is worked out from
what is left of it, at the line's own rate, and rounded half up (ADR 0032), so that the lines add up to the total.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money, rounded_share, split_by_largest_remainder, step_of
from callwaiting.features.merchants.service import NO_TAX, Tax

WHOLE = 10_000  # basis points


@dataclass(frozen=True, slots=True)
class LineRequest:
    """What a caller wants of one item, with these options of it and without what is `removed`."""

    item_id: UUID
    quantity: int
    options: tuple[UUID, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """An option as it was when the order was placed. `delta` is in the unit price already."""

    option_id: UUID
    group: str
    name: str
    delta: Money


@dataclass(frozen=True, slots=True)
class Basket:
    """A line before discount and tax. `unit_price` is that of one piece with its options."""

    item_id: UUID
    name: str
    quantity: int
    unit_price: Money
    tax: Tax
    options: tuple[Chosen, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def amount_minor(self) -> int:
        return self.quantity * self.unit_price.minor


@dataclass(frozen=True, slots=True)
class Line:
    """One priced line. `net_minor + tax_minor` is what it costs in all; `discount_minor` is off it already."""

    item_id: UUID
    name: str
    quantity: int
    unit_price: Money
    net_minor: int
    tax_minor: int
    options: tuple[Chosen, ...] = ()
    removed: tuple[str, ...] = ()
    tax: Tax = NO_TAX
    discount_minor: int = 0

    @property
    def amount(self) -> Money:
        """Quantity times unit price: with tax where prices include it, else without."""
        return Money(self.quantity * self.unit_price.minor, self.unit_price.currency)

    @property
    def title(self) -> str:
        """What it is, as it is said, shown and asked for: `Margherita, Large, without onions`."""
        return titled(self.name, [option.name for option in self.options], self.removed)


@dataclass(frozen=True, slots=True)
class Discount:
    """Off the whole order: a share of it in basis points, or a fixed amount. The other one of the two is 0."""

    basis_points: int = 0
    fixed_minor: int = 0

    def of(self, amount_minor: int, step: int) -> int:
        """What is taken off this amount: never more than it."""
        if self.basis_points:
            return min(rounded_share(amount_minor, self.basis_points, WHOLE, step), amount_minor)
        return min(self.fixed_minor, amount_minor)


NO_DISCOUNT = Discount()


@dataclass(frozen=True, slots=True)
class TaxSum:
    """The tax of all lines that have the same. `net + amount` is what those lines cost."""

    tax: Tax
    net: Money
    amount: Money


@dataclass(frozen=True, slots=True)
class Quote:
    """Lines with their sums. `subtotal` is without tax and after the discount; `subtotal + tax == total`. What is
    `due_now` and `due_later` adds up to the total too; without a deposit all of it is due now."""

    lines: tuple[Line, ...]
    currency: str
    deposit_minor: int = 0

    @property
    def subtotal(self) -> Money:
        return Money(sum(line.net_minor for line in self.lines), self.currency)

    @property
    def tax(self) -> Money:
        return Money(sum(line.tax_minor for line in self.lines), self.currency)

    @property
    def included_tax(self) -> Money:
        """The part of the tax that the prices of the lines have in them."""
        return Money(sum(line.tax_minor for line in self.lines if line.tax.inclusive), self.currency)

    @property
    def added_tax(self) -> Money:
        """The part of the tax that comes on top of the prices of the lines."""
        return Money(sum(line.tax_minor for line in self.lines if not line.tax.inclusive), self.currency)

    @property
    def taxes(self) -> tuple[TaxSum, ...]:
        """What was taxed at each rate, the highest first. The amounts add up to `tax`."""
        sums: dict[Tax, tuple[int, int]] = {}
        for line in self.lines:
            net, amount = sums.get(line.tax, (0, 0))
            sums[line.tax] = (net + line.net_minor, amount + line.tax_minor)
        by_rate = sorted(sums.items(), key=lambda found: (-found[0].basis_points, found[0].inclusive, found[0].name))
        return tuple(
            TaxSum(tax, Money(net, self.currency), Money(amount, self.currency)) for tax, (net, amount) in by_rate
        )

    @property
    def undiscounted(self) -> Money:
        """The lines as they are priced, before the discount: what a code's least amount is compared with."""
        return Money(sum(line.amount.minor for line in self.lines), self.currency)

    @property
    def discount(self) -> Money:
        return Money(sum(line.discount_minor for line in self.lines), self.currency)

    @property
    def total(self) -> Money:
        return self.subtotal + self.tax

    @property
    def due_now(self) -> Money:
        return Money(self.deposit_minor, self.currency) if self.deposit_minor else self.total

    @property
    def due_later(self) -> Money:
        return Money(self.total.minor - self.due_now.minor, self.currency)


def total_up(baskets: Sequence[Basket], currency: str, discount: Discount = NO_DISCOUNT) -> Quote:
    """Price these lines. The discount is spread over them in proportion to their amounts, by largest remainder."""
    step = step_of(currency)
    amounts = [basket.amount_minor for basket in baskets]
    off = discount.of(sum(amounts), step)
    shares = split_by_largest_remainder(off, amounts) if off else (0,) * len(amounts)
    lines = tuple(
        price_line(
            basket.item_id,
            basket.name,
            basket.unit_price,
            basket.quantity,
            tax=basket.tax,
            options=basket.options,
            removed=basket.removed,
            discount_minor=share,
        )
        for basket, share in zip(baskets, shares, strict=True)
    )
    return Quote(lines, currency)


def price_line(
    item_id: UUID,
    name: str,
    unit_price: Money,
    quantity: int,
    *,
    tax: Tax,
    options: tuple[Chosen, ...] = (),
    removed: tuple[str, ...] = (),
    discount_minor: int = 0,
) -> Line:
    """One line with its tax."""
    amount = quantity * unit_price.minor - discount_minor
    step = step_of(unit_price.currency)
    whole = WHOLE + tax.basis_points if tax.inclusive else WHOLE
    taxed = rounded_share(amount, tax.basis_points, whole, step)
    return Line(
        item_id=item_id,
        name=name,
        quantity=quantity,
        unit_price=unit_price,
        net_minor=amount - taxed if tax.inclusive else amount,
        tax_minor=taxed,
        options=options,
        removed=removed,
        tax=tax,
        discount_minor=discount_minor,
    )


def titled(name: str, options: Sequence[str], removed: Sequence[str]) -> str:
    """An item with its options and without what is left out of it, in words."""
    return ", ".join([name, *options, *(f"without {each}" for each in removed)])


def merged(lines: Sequence[LineRequest]) -> tuple[LineRequest, ...]:
    """One line for what is alike, in the order of first mention."""
    quantities: dict[tuple[UUID, tuple[UUID, ...], tuple[str, ...]], int] = {}
    for line in lines:
        key = (line.item_id, line.options, line.removed)
        quantities[key] = quantities.get(key, 0) + line.quantity
    return tuple(
        LineRequest(item_id, quantity, options, removed) for (item_id, options, removed), quantity in quantities.items()
    )
