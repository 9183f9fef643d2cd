"""PayPal is asked what has become of one of its orders, and what it says is followed: the effect `paypal.look_up`.

Its events say the same, and whichever comes first is taken. It is asked when

* a payer comes back with the signs of an approval in the address. Whoever has a payment link can write such an
  address, and a checkout that counts as approved keeps its order from being cancelled, from expiring and from being
  paid otherwise: so PayPal's own word counts;
* a payment that was approved is neither taken nor refused: PayPal holds its capture back (an eCheck, a review), or was
  away for longer than the capture was tried. `ask_at` is when, and is set anew before each question, so that no lost
  answer ends the asking;
* somebody of the team wants to know now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.outbox import service as outbox
from callwaiting.features.payments import checkouts
from callwaiting.features.payments.capture import LAPSED, alert_refused, request_capture, take, was_answered
from callwaiting.features.payments.checkouts import LATE
from callwaiting.features.payments.closing import Page
from callwaiting.features.payments.errors import NothingToAsk
from callwaiting.features.payments.models import Checkout
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.ports import ProviderRejected, Standing
from callwaiting.providers.registry import Providers

EFFECT = "paypal.look_up"
PENDING = "payments.capture_pending"
SOONEST, LATEST = timedelta(minutes=1), timedelta(hours=6)
GIVE_UP = timedelta(days=30)  # an eCheck takes days; PayPal ends reviews within weeks
BATCH = 200


@dataclass(frozen=True, slots=True)
class DueQuestion:
    merchant_id: UUID
    checkout_id: UUID


@dataclass(frozen=True, slots=True)
class Underway:
    """A payment since its payer has begun it; its provider is asked about it at `ask_at`."""

    provider: str
    since: datetime
    ask_at: datetime | None


def due_questions(session: Session) -> list[DueQuestion]:
    """Approved payments of all merchants that are to be asked about; for the service role, which sees no more."""
    rows = session.execute(
        select(Checkout.merchant_id, Checkout.id)
        .where(Checkout.state == "approved", Checkout.ask_at <= clock.now())
        .order_by(Checkout.ask_at)
        .limit(BATCH)
    )
    return [DueQuestion(merchant_id, checkout_id) for merchant_id, checkout_id in rows]


def ask_due(session: Session, checkout_id: UUID) -> None:
    """Have PayPal asked about an approved payment, tell the team when its money could not be taken yet, and let it go
    after a month: money that comes even then is taken or parked."""
    checkout = checkouts.locked(session, checkout_id)
    if checkout.state != "approved" or checkout.ask_at is None or checkout.ask_at > clock.now():
        return
    if clock.now() - checkout.created_at > GIVE_UP:
        checkouts.move(session, checkout, "failed", reason="not settled for too long")
        alerts.raise_alert(
            session,
            PENDING,
            subject=f"checkout:{checkout.id}",
            severity="warning",
            summary="PayPal holds a payment back, and it is not known what becomes of it.",
        )
        return
    if not was_answered(session, checkout.id):
        _alert_late(session, checkout)
    _ask(session, checkout)


def ask_now(session: Session, order_id: UUID) -> None:
    """Have PayPal asked at once about every payment of this order that a payer has begun or approved there.

    Raises NothingToAsk when there is none.
    """
    query = select(Checkout).where(
        Checkout.order_id == order_id, Checkout.provider == "paypal", Checkout.state.in_(("open", "approved"))
    )
    found = session.scalars(query.order_by(Checkout.id).with_for_update()).all()
    if not found:
        raise NothingToAsk(message="No payment of this order is under way at PayPal.")
    for checkout in found:
        _ask(session, checkout)
        audit.record(session, "checkout.asked_about", subject=f"checkout:{checkout.id}")


def under_way(session: Session, order_id: UUID) -> Underway | None:
    """The payment of this order that its payer has approved and that is neither taken nor refused."""
    query = select(Checkout).where(Checkout.order_id == order_id, Checkout.state == "approved")
    row = session.scalar(query.order_by(Checkout.id).limit(1))
    return None if row is None else Underway(row.provider, row.created_at, row.ask_at)


def came_back(session: Session, provider_id: str) -> None:
    """A payer comes back from this order of PayPal's. A made-up return is asked about once, and changes nothing."""
    checkout = checkouts.checkout_by(session, "paypal", provider_id, "")
    if checkout is not None and checkout.state == "open":
        outbox.plan(session, EFFECT, effect_key=f"approval:{checkout.id}", subject_id=checkout.id)


def load(session: Session, checkout_id: UUID) -> Page | None:
    """What to ask about; None when its end is known."""
    checkout = checkouts.locked(session, checkout_id)
    if checkout.state not in {"open", "approved"} or checkout.provider_id is None:
        return None
    return Page(checkout.provider_id, checkout.account)


def call(providers: Providers, page: Page, unclear: bool) -> Standing:
    return providers.payments["paypal"].standing(page.provider_id, account=page.account)


def record(session: Session, checkout_id: UUID, told: Standing) -> None:
    """Take the money that can be taken, and what was taken. An approval that has lapsed keeps its order no longer:
    only we could have captured it, and PayPal says that we have not."""
    checkout = checkouts.locked(session, checkout_id)
    if checkout.provider_id is None or checkout.state not in {"open", "approved"}:
        return
    if told.state == "approved":
        request_capture(session, checkout.provider_id)
    elif told.settlement is not None:
        take(session, checkout, told.settlement)
    elif told.state == "gone":
        _let_go(session, checkout)


def reject(session: Session, checkout_id: UUID, error: ProviderRejected) -> None:
    """PayPal does not let us ask, which says nothing about the money. An approved payment is asked about again."""
    checkout = checkouts.locked(session, checkout_id)
    if checkout.state == "approved":
        _alert_late(session, checkout, code=error.provider_code)


def take_lapsed(session: Session, provider_id: str, reference: str) -> Literal["moved", "stale", "foreign"]:
    """PayPal tells that an order of its own was not captured in time and what was approved has been given back.

    Raises NotYet when the order is ours and not recorded yet.
    """
    checkout = checkouts.checkout_by(session, "paypal", provider_id, reference)
    if checkout is None:
        return "foreign"
    if checkout.state == "claimed":
        raise NotYet("the checkout is claimed and not recorded")
    return _let_go(session, checkout) if checkout.provider_id == provider_id else "stale"


def _let_go(session: Session, checkout: Checkout) -> Literal["moved", "stale"]:
    """Nothing was taken, and nothing will be: the order can be paid again."""
    if checkout.state == "approved":
        alert_refused(session, checkout.id, LAPSED)
    return checkouts.move(session, checkout, "failed", reason=LAPSED)


def _ask(session: Session, checkout: Checkout) -> None:
    """Once a minute at most. The next question comes after as long as the payment has been under way."""
    now = clock.now()
    if checkout.state == "approved":
        checkout.ask_at = now + min(max(now - checkout.created_at, SOONEST), LATEST)
        session.flush()
    outbox.plan(session, EFFECT, effect_key=f"look_up:{checkout.id}:{now:%Y%m%d%H%M}", subject_id=checkout.id)


def _alert_late(session: Session, checkout: Checkout, *, code: str = "") -> None:
    alerts.raise_alert(
        session,
        LATE,
        subject=f"checkout:{checkout.id}",
        severity="high",
        summary="A payment was approved at PayPal and could not be taken yet. It is asked about again by itself.",
        details={"order": str(checkout.order_id), "code": code},
    )
