"""A capture that PayPal holds back (an eCheck, a review) is asked about until its end: the effect `paypal.look_up`.

Its events say the same, and whichever comes first is taken. Each answer plans the next question, after as long as the
capture has waited already.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.features.alerts import service as alerts
from callwaiting.features.outbox import service as outbox
from callwaiting.features.payments import checkouts
from callwaiting.features.payments.closing import Page
from callwaiting.features.payments.models import Checkout
from callwaiting.features.payments.settlement import settle
from callwaiting.providers.ports import ProviderRejected, Settlement
from callwaiting.providers.registry import Providers

EFFECT = "paypal.look_up"
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=6)
GIVE_UP = timedelta(days=30)  # an eCheck takes days; PayPal ends reviews within weeks
RULE = "payments.capture_pending"


def take(session: Session, checkout: Checkout, told: Settlement) -> None:
    """Take what PayPal says of the capture of a locked checkout, and ask again while it says nothing final."""
    if told.settled:
        settle(session, told, provider="paypal")
    elif told.denied:
        checkouts.move(session, checkout, "failed", reason="capture denied")
    elif clock.now() - checkout.created_at > GIVE_UP:
        checkouts.move(session, checkout, "failed", reason="capture pending for too long")
        _alert(session, checkout.id)
    else:
        waited = clock.now() - checkout.created_at
        outbox.plan(
            session,
            EFFECT,
            effect_key=f"look_up:{new_id()}",  # each question is a new one
            subject_id=checkout.id,
            not_before=clock.now() + min(max(waited, SOONEST), LATEST),
        )


def load(session: Session, checkout_id: UUID) -> Page | None:
    """What to ask about; None when its end is known."""
    checkout = checkouts.locked(session, checkout_id)
    if checkout.state != "approved" or checkout.provider_id is None:
        return None
    return Page(checkout.provider_id, checkout.account)


def call(providers: Providers, page: Page, unclear: bool) -> Settlement:
    return providers.payments["paypal"].captured(page.provider_id, account=page.account)


def record(session: Session, checkout_id: UUID, told: Settlement) -> None:
    checkout = checkouts.locked(session, checkout_id)
    if checkout.state == "approved":
        take(session, checkout, told)


def reject(session: Session, checkout_id: UUID, error: ProviderRejected) -> None:
    """PayPal does not show the order any more: a person has to look."""
    _alert(session, checkout_id)


def _alert(session: Session, checkout_id: UUID) -> None:
    alerts.raise_alert(
        session,
        RULE,
        subject=f"checkout:{checkout_id}",
        severity="warning",
        summary="PayPal holds a payment back, and it is not known what becomes of it.",
    )
