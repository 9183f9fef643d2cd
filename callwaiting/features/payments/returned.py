"""A payer who comes back from PayPal with the signs of an approval in the address: the effect `paypal.approval`.

Whoever has a payment link can write such an address, and a checkout that counts as approved keeps its order from being
cancelled, from expiring and from being paid otherwise. So PayPal itself is asked, once a checkout. Its event says the
same, and whichever comes first plans the capture.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.features.outbox import service as outbox
from callwaiting.features.payments import checkouts
from callwaiting.features.payments.capture import request_capture
from callwaiting.features.payments.closing import Page
from callwaiting.providers.ports import ProviderRejected
from callwaiting.providers.registry import Providers

EFFECT = "paypal.approval"


def came_back(session: Session, provider_id: str) -> None:
    """Have PayPal asked whether this order of its own is approved, if it is one that we wait for."""
    checkout = checkouts.checkout_by(session, "paypal", provider_id, "")
    if checkout is not None and checkout.state == "open":
        outbox.plan(session, EFFECT, effect_key=f"approval:{checkout.id}", subject_id=checkout.id)


def load(session: Session, checkout_id: UUID) -> Page | None:
    """What to ask about; None when it is known."""
    checkout = checkouts.locked(session, checkout_id)
    if checkout.state != "open" or checkout.provider_id is None:
        return None
    return Page(checkout.provider_id, checkout.account)


def call(providers: Providers, page: Page, unclear: bool) -> bool:
    return providers.payments["paypal"].approved(page.provider_id, account=page.account)


def record(session: Session, checkout_id: UUID, approved: bool) -> None:
    provider_id = checkouts.locked(session, checkout_id).provider_id
    if approved and provider_id is not None:
        request_capture(session, provider_id)


def reject(session: Session, checkout_id: UUID, error: ProviderRejected) -> None:
    """PayPal does not show the order: nobody has approved it."""
