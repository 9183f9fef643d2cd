"""The steps of setting up, each read from the rows that it is about: nothing is ticked off by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from callwaiting.core.tenancy import MerchantScope, scope_of
from callwaiting.features.accounts import factors
from callwaiting.features.bookings import services as booking_services
from callwaiting.features.calls import listing as calls
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.forwarding import service as forwarding
from callwaiting.features.merchants import hours
from callwaiting.features.merchants import service as merchants
from callwaiting.features.payments import accounts as payment_accounts
from callwaiting.features.phone_numbers import service as phone_numbers


@dataclass(frozen=True, slots=True)
class Step:
    """`needed`: without it nothing works. `hint` says what to do while it is open."""

    name: str
    done: bool
    needed: bool
    hint: str


def steps(session: Session) -> list[Step]:
    """The steps in the order in which they are taken."""
    return [Step(name, done(session), needed, hint) for name, needed, hint, done in STEPS]


def _number(session: Session) -> bool:
    return bool(phone_numbers.oldest(session, after=None, limit=1))


def _hours(session: Session) -> bool:
    return bool(hours.week(session).periods)


def _offer(session: Session) -> bool:
    currency = merchants.profile(session).currency
    items = catalogue.items_by_name(session, currency, available=True, after=None, limit=1)
    return bool(items or booking_services.by_name(session, after=None, limit=1))


def _call(session: Session) -> bool:
    return bool(calls.newest(session, day=None, outcome=None, before=None, limit=1))


def _payments(session: Session) -> bool:
    return payment_accounts.any_account(session)


def _authenticator(session: Session) -> bool:
    scope = scope_of(session)
    person = scope.user_id if isinstance(scope, MerchantScope) else None
    return person is not None and factors.added_at(session) is not None


STEPS: tuple[tuple[str, bool, str, Callable[[Session], bool]], ...] = (
    ("authenticator", True, "Set up an authenticator for your own account.", _authenticator),
    ("number", True, "Add the number to which your calls are forwarded.", _number),
    ("hours", False, "Say when you are open.", _hours),
    ("offer", True, "Add what you sell, or what can be booked.", _offer),
    ("payments", False, "Connect Stripe or PayPal, so that orders can be paid.", _payments),
    # Not needed by all: a line may be rung here directly.
    ("forwarding", False, "Test the forwarding: your line is rung, and you do not pick up.", forwarding.proven),
    ("call", True, "Forward your line, then call it and do not pick up: the first call shows that it works.", _call),
)
