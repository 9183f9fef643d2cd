"""Closing the open pages of an order that shall not be paid any more: the steps of the effect `stripe.expire`.

PayPal has no such call. An order of PayPal's that its payer approves too late is not captured (`capture.load`), which
costs nobody anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.statements import Statement
from callwaiting.features.outbox import service as outbox
from callwaiting.features.payments import checkouts
from callwaiting.providers.ports import ProviderRejected
from callwaiting.providers.registry import Providers

EFFECT = "stripe.expire"
# Settlements pass here.
OPEN = Statement("""
select id from app.checkouts where order_id = %(order_id)s and provider = 'stripe' and state = 'open' order by id
""")


@dataclass(frozen=True, slots=True)
class Page:
    provider_id: str
    account: str


def close_pages(session: Session, order_id: UUID) -> None:
    """Plan to close every page of Stripe on which this order could still be paid."""
    for checkout_id in OPEN(session, order_id=order_id).scalars():
        outbox.plan(session, EFFECT, effect_key=f"expire:{checkout_id}", subject_id=checkout_id)


def load(session: Session, checkout_id: UUID) -> Page | None:
    """The page to close; None when it is closed or paid already."""
    checkout = checkouts.locked(session, checkout_id)
    if checkout.state != "open" or checkout.provider_id is None:
        return None
    return Page(checkout.provider_id, checkout.account)


def call(providers: Providers, page: Page, unclear: bool) -> None:
    """A page that was closed by an earlier call is refused, which changes nothing: see `reject`."""
    providers.payments["stripe"].expire_checkout(page.provider_id, account=page.account)


def record(session: Session, checkout_id: UUID, result: None) -> None:
    checkouts.move(session, checkouts.locked(session, checkout_id), "expired", reason="order closed")


def reject(session: Session, checkout_id: UUID, error: ProviderRejected) -> None:
    """The payer was faster, or the page is closed: Stripe's own event says which."""
