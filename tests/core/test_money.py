"""Splits and shares: nothing is lost and nothing made up."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.core.money import Money, rounded_share, split_by_largest_remainder, step_of

WEIGHTS = st.lists(st.integers(0, 10**8), min_size=1, max_size=20)


@given(total=st.integers(0, 10**9), weights=WEIGHTS, step=st.sampled_from([1, 10, 100]))
def test_shares_add_up_and_are_in_proportion(total: int, weights: list[int], step: int) -> None:
    shares = split_by_largest_remainder(total, weights, step)
    fair = weights if any(weights) else [1] * len(weights)
    assert sum(shares) == total
    assert all(share >= 0 for share in shares)
    assert sum(share % step != 0 for share in shares) <= (total % step != 0)
    for share, weight in zip(shares, fair, strict=True):
        assert abs(share - Fraction(total * weight, sum(fair))) < 2 * step


@given(weights=WEIGHTS)
def test_what_can_be_split_exactly_is(weights: list[int]) -> None:
    assert split_by_largest_remainder(sum(weights), weights) == tuple(weights) or not any(weights)


@given(total=st.integers(0, 10**6), weights=WEIGHTS, more=st.integers(0, 10**6))
def test_no_share_exceeds_its_weight_while_the_total_does_not(total: int, weights: list[int], more: int) -> None:
    """So a discount never makes a line negative."""
    shares = split_by_largest_remainder(min(total, sum(weights)), weights)
    assert not any(weights) or all(share <= weight for share, weight in zip(shares, weights, strict=True))


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [(100, (1, 1, 1), (34, 33, 33)), (5, (0, 0), (3, 2)), (10, (1, 2, 3, 4), (1, 2, 3, 4)), (2, (5, 5, 5), (1, 1, 0))],
)
def test_known_splits(total: int, weights: tuple[int, ...], shares: tuple[int, ...]) -> None:
    assert split_by_largest_remainder(total, weights) == shares


@pytest.mark.parametrize(("total", "weights"), [(1, ()), (-1, (1,)), (1, (1, -1))])
def test_what_is_no_split(total: int, weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="split"):
        split_by_largest_remainder(total, weights)


@given(amount=st.integers(0, 10**8), rate=st.integers(0, 10_000), step=st.sampled_from([1, 10, 100]))
def test_a_share_is_rounded_half_up_to_a_step(amount: int, rate: int, step: int) -> None:
    exact = Fraction(amount * rate, 10_000)
    share = rounded_share(amount, rate, 10_000, step)
    assert share % step == 0
    assert -Fraction(step, 2) < share - exact <= Fraction(step, 2) or share == exact


def test_currencies_have_their_own_places_and_steps() -> None:
    assert [Money(5120, code).decimal() for code in ("USD", "ISK", "KWD")] == ["51.20", "5120", "5.120"]
    assert [step_of(code) for code in ("USD", "KWD", "HUF", "JPY")] == [1, 10, 100, 1]
