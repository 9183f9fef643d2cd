"""Which currencies each provider takes, in which units, and how little: providers differ from ISO 4217 and among each
other. Sources: docs.stripe.com/currencies (zero-decimal, three-decimal, special cases, minimum and maximum amounts);
developer.paypal.com/docs/api/reference/currency-codes (what PayPal takes; which take no decimals)."""

from __future__ import annotations

from callwaiting.core.money import Money
from callwaiting.providers.ports import PayloadInvalid, ProviderRejected

CURRENCY_NOT_TAKEN = "currency_not_taken"
AMOUNT_NOT_TAKEN = "amount_not_taken"

# A zero-decimal currency that Stripe has written with two decimals since before it lost them; they must be 00.
STRIPE_HUNDREDFOLD = {"ISK"}
# Its lists of different years place the Uganda shilling on either side: a hundredfold charge is no risk to take. The
# dinars of Iraq and Libya are on none of them.
STRIPE_REFUSES = {"IQD", "LYD", "UGX"}
STRIPE_MAX_MINOR = 99_999_999
# The least that can be charged, in minor units; where Stripe names none, what comes near half a dollar is not known
# and one unit is let through for Stripe to judge.
STRIPE_LEAST = {
    "AED": 200, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30,
    "HKD": 400, "HUF": 17500, "INR": 50, "JPY": 50, "MXN": 1000, "MYR": 200, "NOK": 300, "NZD": 50, "PLN": 200,
    "RON": 200, "SEK": 300, "SGD": 50, "THB": 1000, "USD": 50,
}  # fmt: skip
PAYPAL_TAKES = {
    "AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "MYR", "NOK",
    "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD",
}  # fmt: skip
# PayPal takes no decimals here, though ISO 4217 has two for HUF and TWD.
PAYPAL_WHOLE = {"HUF", "JPY", "TWD"}


def stripe_units(money: Money) -> int:
    """The amount in Stripe's unit, for one part of a sum or for a refund. Raises ProviderRejected."""
    if money.currency in STRIPE_REFUSES:
        raise ProviderRejected(f"Stripe does not take {money.currency}", provider_code=CURRENCY_NOT_TAKEN)
    if money.exponent == 3 and money.minor % 10:
        raise ProviderRejected(f"Stripe takes {money.currency} only in hundredths", provider_code=AMOUNT_NOT_TAKEN)
    return money.minor * 100 if money.currency in STRIPE_HUNDREDFOLD else money.minor


def from_stripe(amount: int, currency: str) -> Money:
    """What Stripe says, in our unit. Raises PayloadInvalid."""
    try:
        money = Money(amount, currency.upper())
    except ValueError as error:
        raise PayloadInvalid("the amount has no currency") from error
    if money.currency not in STRIPE_HUNDREDFOLD:
        return money
    whole, rest = divmod(amount, 100)
    if rest:
        raise PayloadInvalid("the amount is finer than its currency")
    return Money(whole, money.currency)


def paypal_units(money: Money) -> int:
    """The amount in the last place that PayPal writes, for one part of a sum or for a refund. Raises
    ProviderRejected."""
    if money.currency not in PAYPAL_TAKES:
        raise ProviderRejected(f"PayPal does not take {money.currency}", provider_code=CURRENCY_NOT_TAKEN)
    units, rest = divmod(money.minor * (1 if money.currency in PAYPAL_WHOLE else 100), 10**money.exponent)
    if rest:
        detail = f"PayPal cannot take {money.minor} minor units of {money.currency}"
        raise ProviderRejected(detail, provider_code=AMOUNT_NOT_TAKEN)
    return int(units)


def paypal_places(currency: str) -> int:
    return 0 if currency in PAYPAL_WHOLE else 2


def require_taken(provider: str, amount: Money) -> None:
    """Raises ProviderRejected, with a code that says which, for a currency or an amount that this provider does not
    take as the whole of a payment."""
    units = stripe_units(amount) if provider == "stripe" else paypal_units(amount)
    least = STRIPE_LEAST.get(amount.currency, 1) if provider == "stripe" else 1
    if not least <= amount.minor or units > STRIPE_MAX_MINOR:
        detail = f"{provider} does not take {amount.minor} minor units of {amount.currency}"
        raise ProviderRejected(detail, provider_code=AMOUNT_NOT_TAKEN)
