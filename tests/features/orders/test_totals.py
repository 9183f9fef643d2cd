"""Totals: integers that add up."""

from __future__ import annotations

from fractions import Fraction
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.core.money import Money
from callwaiting.features.merchants.tax_rates import Tax
from callwaiting.features.orders.service import LineRequest
from callwaiting.features.orders.totals import Quote, merged, price_line

PRICES = st.integers(0, 1_000_000)
QUANTITIES = st.integers(1, 99)
RATES = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("price", "quantity", "rate", "inclusive", "net", "tax"),
    [
        (1250, 2, 825, False, 2500, 206),
        (300, 1, 825, False, 300, 25),
        (1000, 1, 50, False, 1000, 5),
        (100, 1, 50, False, 100, 1),  # half a cent goes up
        (119, 1, 1900, True, 100, 19),
        (1190, 3, 1900, True, 3000, 570),
        (999, 1, 0, True, 999, 0),
    ],
)
def test_known_lines(price: int, quantity: int, rate: int, inclusive: bool, net: int, tax: int) -> None:
    line = price_line(uuid4(), "x", Money(price, "USD"), quantity, tax=Tax("", rate, inclusive))
    assert (line.net_minor, line.tax_minor) == (net, tax)


@given(lines=st.lists(st.tuples(PRICES, QUANTITIES), min_size=1, max_size=20), rate=RATES, inclusive=st.booleans())
def test_sums(lines: list[tuple[int, int]], rate: int, inclusive: bool) -> None:
    priced = tuple(
        price_line(uuid4(), "x", Money(price, "USD"), quantity, tax=Tax("", rate, inclusive))
        for price, quantity in lines
    )
    quote = Quote(priced, "USD")
    assert quote.total.minor == quote.subtotal.minor + quote.tax.minor
    assert quote.total.minor == sum(line.net_minor + line.tax_minor for line in priced)
    bare = sum(price * quantity for price, quantity in lines)
    assert (quote.total.minor if inclusive else quote.subtotal.minor) == bare
    share = Fraction(rate, 10_000 + rate) if inclusive else Fraction(rate, 10_000)
    assert all(abs(line.tax_minor - line.amount.minor * share) <= Fraction(1, 2) for line in priced)


@given(st.lists(st.tuples(st.integers(0, 4), QUANTITIES), max_size=12))
def test_lines_of_one_item_become_one(wanted: list[tuple[int, int]]) -> None:
    ids = [uuid4() for _ in range(5)]
    lines = merged([LineRequest(ids[which], quantity) for which, quantity in wanted])
    assert len({line.item_id for line in lines}) == len(lines)
    assert sum(line.quantity for line in lines) == sum(quantity for _, quantity in wanted)
