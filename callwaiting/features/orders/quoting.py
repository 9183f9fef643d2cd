"""What lines cost at this moment, by the catalogue and the business's taxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.catalogue.service import Item
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Profile, Tax
from callwaiting.features.orders import deposits
from callwaiting.features.orders.codes import Code
from callwaiting.features.orders.deposits import Terms
from callwaiting.features.orders.errors import AmountOutOfRange, ChoicesInvalid, ItemsUnavailable, LinesInvalid
from callwaiting.features.orders.totals import (
    Basket,
    Chosen,
    LineRequest,
    Quote,
    merged,
    total_up,
)
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import AmountNotTaken, CurrencyNotTaken

MAX_LINES = 20
MAX_QUANTITY = 99
# What a payment link can ask for: Stripe takes eight digits at most and, in dollars, half a dollar at least.
MIN_TOTAL_MINOR = 50
MAX_TOTAL_MINOR = 99_999_999


def quote(session: Session, lines: Sequence[LineRequest], code: Code | None = None) -> Quote:
    """What these lines cost at this moment; lines that are alike are added up. A code takes something off when they are
    enough for it.

    Raises LinesInvalid, ItemsUnavailable, ChoicesInvalid, AmountOutOfRange, CurrencyNotTaken.
    """
    return priced(session, merchants.profile(session), lines, code)


def priced(session: Session, profile: Profile, lines: Sequence[LineRequest], code: Code | None) -> Quote:
    """As `quote`, for a business that is known."""
    wanted = merged(lines)
    if not 1 <= len(wanted) <= MAX_LINES or not all(1 <= line.quantity <= MAX_QUANTITY for line in (*lines, *wanted)):
        raise LinesInvalid(f"{len(wanted)} lines")
    items = catalogue.items_by_id(session, {line.item_id for line in wanted}, profile.currency)
    require_choices(wanted, items)
    baskets = [basket(line, items[line.item_id], profile.tax) for line in wanted]
    found = total_up(baskets, profile.currency)
    if code is not None and code.counts_for(found.undiscounted):
        found = total_up(baskets, profile.currency, code.discount)
    require_payable(session, found.total)
    return with_deposit(session, found, deposits.rules_of(session).deposit)


def with_deposit(session: Session, found: Quote, terms: Terms) -> Quote:
    """What of a quote is due first by these terms; all of it when no payment link can ask for the deposit alone."""
    minor = terms.of(found.total)
    if minor:
        try:
            require_payable(session, Money(minor, found.currency))
        except (AmountOutOfRange, CurrencyNotTaken):
            minor = 0
    return replace(found, deposit_minor=minor)


def require_payable(session: Session, total: Money) -> None:
    """Raises AmountOutOfRange for a total that no payment link of this business can ask for, and CurrencyNotTaken when
    none of its providers takes its currency."""
    if not MIN_TOTAL_MINOR <= total.minor <= MAX_TOTAL_MINOR:
        raise AmountOutOfRange(str(total))
    try:
        payments.providers_for(session, total)
    except AmountNotTaken as error:
        raise AmountOutOfRange(error.detail) from error


def require_choices(lines: Sequence[LineRequest], items: Mapping[UUID, Item]) -> None:
    """Raises ItemsUnavailable, ChoicesInvalid for what is not, or not so, on the menu."""
    gone = [line.item_id for line in lines if line.item_id not in items or not items[line.item_id].available]
    if gone:
        raise ItemsUnavailable(list(dict.fromkeys(gone)))
    wrong = [line for line in lines if not _possible(items[line.item_id], line)]
    if wrong:
        raise ChoicesInvalid(wrong)


def _possible(item: Item, line: LineRequest) -> bool:
    """Whether each option is one of the item's and can be had, each group has as many as it needs and takes, and what
    is left out can be left out."""
    chosen = item.options(line.options)
    if len(chosen) != len(line.options) or not all(option.available for option in chosen):
        return False
    counts = [(group, len(group.chosen(line.options))) for group in item.groups]
    if not all(group.min_choices <= count <= group.max_choices for group, count in counts):
        return False
    return len(set(line.removed)) == len(line.removed) and set(line.removed) <= set(item.removals)


def basket(line: LineRequest, item: Item, default: Tax) -> Basket:
    """The line as the menu prices it now. `default` is the tax of an item without a rate of its own."""
    chosen = tuple(
        Chosen(option.id, group.name, option.name, option.delta)
        for group in item.groups
        for option in group.chosen(line.options)
    )
    # Options that make it cheaper make it free at most.
    unit = max(item.price.minor + sum(option.delta.minor for option in chosen), 0)
    return Basket(
        item_id=item.id,
        name=item.name,
        quantity=line.quantity,
        unit_price=Money(unit, item.price.currency),
        tax=item.tax_rate.tax if item.tax_rate else default,
        options=chosen,
        removed=line.removed,
    )
