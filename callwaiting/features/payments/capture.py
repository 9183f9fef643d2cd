"""Taking the money of a PayPal order once its payer has approved it: the four steps of the effect `paypal.capture`.

One that is given up, PayPal having been away for too long, is not lost: `asking` asks what has become of the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.money import Money
from callwaiting.features.alerts import service as alerts
from callwaiting.features.outbox import service as outbox
from callwaiting.features.payments import checkouts, links
from callwaiting.features.payments.errors import LinkUnknown
from callwaiting.features.payments.models import Checkout
from callwaiting.features.payments.owed import AWAITING, owed
from callwaiting.features.payments.parked import is_looked_into
from callwaiting.features.payments.settlement import settle
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.ports import ProviderRejected, ProviderUnavailable, Settlement
from callwaiting.providers.registry import Providers

EFFECT = "paypal.capture"
# developer.paypal.com/docs/api/orders/v2/#orders_capture: the payer has not finished, which may still come
NOT_APPROVED = "ORDER_NOT_APPROVED"
LAPSED = "lapsed"  # nobody has taken the money in time, and PayPal shows the order no more
FIRST_LOOK = timedelta(minutes=1)  # until the first question about a capture that PayPal holds back


@dataclass(frozen=True, slots=True)
class Capture:
    provider_id: str
    account: str
    idempotency_key: str


def request_capture(session: Session, provider_id: str, reference: str = "") -> Literal["planned", "stale", "foreign"]:
    """Plan the capture of an approved PayPal order, once however often it is told; anew when it was given up, PayPal
    having been away for too long.

    Raises NotYet when the order is ours and not recorded yet.
    """
    checkout = checkouts.checkout_by(session, "paypal", provider_id, reference)
    if checkout is None:
        return "foreign"
    if checkout.state == "claimed":
        raise NotYet("the checkout is claimed and not recorded")
    if checkout.provider_id != provider_id:
        return "stale"
    if checkouts.move(session, checkout, "approved") == "moved":
        outbox.plan(session, EFFECT, effect_key=_key(checkout.id), subject_id=checkout.id)
        return "planned"
    if checkout.state != "approved":
        return "stale"
    try:
        outbox.plan_again(session, EFFECT, effect_key=_key(checkout.id), subject_id=checkout.id)
    except outbox.NotGivenUp:
        return "stale"
    return "planned"


def load(session: Session, checkout_id: UUID) -> Capture | None:
    """What to capture; None when the order needs no money any more. An approval that is not captured costs nobody
    anything, so this is where a second payment is best avoided."""
    checkout = checkouts.locked(session, checkout_id)
    if checkout.state != "approved" or checkout.provider_id is None:
        return None
    due = owed(session, checkout.order_id)
    try:
        wanted = due.state in AWAITING and (due.version, due.amount) == _asked(session, checkout.link_id)
        wanted = wanted and not is_looked_into(session, checkout.order_id)
    except LinkUnknown:
        wanted = False
    if not wanted:
        checkouts.move(session, checkout, "failed", reason=f"order {due.state}")
        return None
    return Capture(checkout.provider_id, checkout.account, _key(checkout.id))


def call(providers: Providers, capture: Capture, unclear: bool) -> Settlement:
    """Capture under our own key; a repeat gives the first answer, so an unclear end needs no look-up."""
    try:
        return providers.payments["paypal"].capture(
            capture.provider_id, account=capture.account, idempotency_key=capture.idempotency_key
        )
    except ProviderRejected as error:
        if error.provider_code == NOT_APPROVED:
            raise ProviderUnavailable("the payer has not approved yet") from error
        raise


def record(session: Session, checkout_id: UUID, settlement: Settlement) -> None:
    """Settle from the answer itself. The event about the same capture finds it known, or settles first. One that PayPal
    holds back is asked about until its end."""
    checkout = checkouts.locked(session, checkout_id)
    take(session, checkout, settlement)
    if checkout.state == "approved" and not settlement.settled and not settlement.denied:
        checkout.ask_at = clock.now() + FIRST_LOOK
        session.flush()


def take(session: Session, checkout: Checkout, told: Settlement) -> None:
    """Take what PayPal says of the capture of a locked checkout; nothing while it holds the money back."""
    if told.settled:
        settle(session, told, provider="paypal")
    elif told.denied:
        checkouts.move(session, checkout, "failed", reason="capture denied")


def was_answered(session: Session, checkout_id: UUID) -> bool:
    """Whether PayPal has answered the capture of a checkout that is approved still: it holds the money back."""
    return outbox.state_of(session, _key(checkout_id)) == "done"


def reject(session: Session, checkout_id: UUID, error: ProviderRejected) -> None:
    """Let the payer choose again."""
    checkouts.move(session, checkouts.locked(session, checkout_id), "failed", reason=error.provider_code)
    alert_refused(session, checkout_id, error.provider_code)


def alert_refused(session: Session, checkout_id: UUID, code: str) -> None:
    """The payer believes to have paid, and has not."""
    alerts.raise_alert(
        session,
        "payments.capture_refused",
        subject=f"checkout:{checkout_id}",
        severity="warning",
        summary="An approved payment could not be taken at PayPal. Nothing was charged.",
        details={"code": code},
    )


def _key(checkout_id: UUID) -> str:
    """By which PayPal knows the capture, however often it is planned."""
    return f"capture:{checkout_id}"


def _asked(session: Session, link_id: UUID) -> tuple[int, Money]:
    link = links.link_of(session, link_id)
    return link.order_version, link.amount
