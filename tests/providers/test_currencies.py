"""What each provider takes, and in which units."""

from __future__ import annotations

import pytest

from callwaiting.core.money import Money
from callwaiting.providers.currencies import (
    AMOUNT_NOT_TAKEN,
    CURRENCY_NOT_TAKEN,
    from_stripe,
    paypal_units,
    require_taken,
    stripe_units,
)
from callwaiting.providers.ports import PayloadInvalid, ProviderRejected


@pytest.mark.parametrize(
    ("money", "units"),
    [
        (Money(1250, "USD"), 1250),
        (Money(500, "JPY"), 500),
        (Money(500, "ISK"), 50_000),  # written with two decimals that must be 00
        (Money(5120, "KWD"), 5120),
        (Money(120_050, "HUF"), 120_050),  # charges may have fillers, only payouts may not
    ],
)
def test_stripes_units_and_back(money: Money, units: int) -> None:
    assert stripe_units(money) == units
    assert from_stripe(units, money.currency.lower()) == money


@pytest.mark.parametrize(("amount", "currency"), [(50_001, "isk"), (1, "dollars"), (1, "")])
def test_what_stripe_cannot_have_said(amount: int, currency: str) -> None:
    with pytest.raises(PayloadInvalid):
        from_stripe(amount, currency)


@pytest.mark.parametrize(("money", "units"), [(Money(1250, "USD"), 1250), (Money(120_000, "HUF"), 1200)])
def test_paypals_units(money: Money, units: int) -> None:
    assert paypal_units(money) == units


@pytest.mark.parametrize(
    ("provider", "money", "code"),
    [
        ("stripe", Money(5000, "UGX"), CURRENCY_NOT_TAKEN),
        ("stripe", Money(5000, "IQD"), CURRENCY_NOT_TAKEN),
        ("stripe", Money(5124, "KWD"), AMOUNT_NOT_TAKEN),
        ("stripe", Money(49, "USD"), AMOUNT_NOT_TAKEN),
        ("stripe", Money(17_499, "HUF"), AMOUNT_NOT_TAKEN),
        ("stripe", Money(1_000_000, "ISK"), AMOUNT_NOT_TAKEN),  # nine digits as Stripe writes it
        ("stripe", Money(0, "XOF"), AMOUNT_NOT_TAKEN),
        ("paypal", Money(5000, "KWD"), CURRENCY_NOT_TAKEN),
        ("paypal", Money(5000, "ISK"), CURRENCY_NOT_TAKEN),
        ("paypal", Money(120_050, "HUF"), AMOUNT_NOT_TAKEN),
        ("paypal", Money(0, "USD"), AMOUNT_NOT_TAKEN),
    ],
)
def test_what_is_refused_has_a_code(provider: str, money: Money, code: str) -> None:
    with pytest.raises(ProviderRejected) as refused:
        require_taken(provider, money)
    assert refused.value.provider_code == code


@pytest.mark.parametrize(
    ("provider", "money"),
    [
        ("stripe", Money(50, "USD")),
        ("stripe", Money(17_500, "HUF")),
        ("stripe", Money(999_999, "ISK")),
        ("stripe", Money(99_999_999, "USD")),
        ("paypal", Money(1, "USD")),
        ("paypal", Money(100, "HUF")),
    ],
)
def test_the_least_and_the_most(provider: str, money: Money) -> None:
    require_taken(provider, money)
