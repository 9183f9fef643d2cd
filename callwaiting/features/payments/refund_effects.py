"""Asking a provider for a refund, and for the list of a payment's refunds: the steps of three kinds of effect.

Stripe's `charge.refunded` tells only a sum, so that a refund made at Stripe's own desk is looked up. PayPal's events
tell of each refund by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.features.alerts import service as alerts
from callwaiting.features.outbox import service as outbox
from callwaiting.features.payments import refunds
from callwaiting.features.payments.checkouts import REFERENCE_PREFIX
from callwaiting.features.payments.models import Payment, Refund
from callwaiting.features.payments.refunds import OVERTAKING
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers import ports
from callwaiting.providers.ports import ProviderRejected, RefundRequest
from callwaiting.providers.registry import Providers

LIST = "stripe.refund_list"
# Stripe forgets an idempotency key after a day at the earliest (docs.stripe.com/api/idempotent_requests): with an
# older refund, a repeat could be a second one.
KEY_TRUSTED = timedelta(hours=20)


@dataclass(frozen=True, slots=True)
class Asked:
    """A refund to be made. `look_first`: it may have been, under a key that is forgotten since."""

    provider: str
    request: RefundRequest
    look_first: bool


@dataclass(frozen=True, slots=True)
class Lookup:
    payment_id: str
    account: str


def load(session: Session, refund_id: UUID) -> Asked | None:
    """What to ask for; None when its provider has told of it already."""
    refund, payment = session.execute(
        select(Refund, Payment).join(Payment, Payment.id == Refund.payment_id).where(Refund.id == refund_id)
    ).one()
    if refund.state != "pending" or refund.provider_id is not None:
        return None
    request = RefundRequest(
        idempotency_key=refunds.key_of(refund.id),
        payment_id=payment.payment_id,
        account=payment.account,
        amount=Money(refund.amount_minor, refund.currency),
        reference=refunds.reference_of(refund.id),
    )
    return Asked(payment.provider, request, clock.now() > refund.created_at + KEY_TRUSTED)


def call(providers: Providers, asked: Asked, unclear: bool) -> ports.Refund:
    """Ask under our own key: a repeat gives the first answer. At Stripe, whatever is in doubt is looked for first."""
    provider, request = providers.payments[asked.provider], asked.request
    if asked.provider == "stripe" and (unclear or asked.look_first):
        for made in provider.refunds_of(request.payment_id, account=request.account):
            if made.reference == request.reference:
                return made
    return provider.refund(request)


def record(session: Session, refund_id: UUID, made: ports.Refund) -> None:
    """Keep the answer. An event about the same refund finds it known, or was first."""
    refund, payment = _locked(session, refund_id)
    twin = refunds.by_provider_id(session, payment, made.provider_id)
    if twin is not None and twin.id != refund.id:
        refunds.move(session, payment, refund, "failed", failure="known as another refund")
        refund = twin
    refunds.apply(session, payment, refund, made)


def reject(session: Session, refund_id: UUID, error: ProviderRejected) -> None:
    """Nothing was given back; the amount can be asked for anew."""
    refund, payment = _locked(session, refund_id)
    refunds.move(session, payment, refund, "failed", failure=error.provider_code or "refused")


def request_refund_list(
    session: Session, payment_id: str, *, reference: str, received_at: datetime
) -> Literal["planned", "foreign"]:
    """Plan to look up the refunds of a payment at Stripe. `reference` is that of the payment.

    Raises NotYet while the payment is ours and not known yet.
    """
    payment = refunds.payment_by(session, "stripe", payment_id)
    if payment is None:
        if payment_id and reference.startswith(REFERENCE_PREFIX) and clock.now() < received_at + OVERTAKING:
            raise NotYet("the payment of this refund is not known yet")
        return "foreign"
    # Each time anew: what was looked up before tells nothing of what has happened since.
    outbox.plan(session, LIST, effect_key=f"refund_list:{new_id()}", subject_id=payment.id)
    return "planned"


def load_lookup(session: Session, payment_id: UUID) -> Lookup:
    payment = session.scalars(select(Payment).where(Payment.id == payment_id)).one()
    return Lookup(payment.payment_id, payment.account)


def call_lookup(providers: Providers, lookup: Lookup, unclear: bool) -> Sequence[ports.Refund]:
    return providers.payments["stripe"].refunds_of(lookup.payment_id, account=lookup.account)


def record_lookup(session: Session, payment_id: UUID, found: Sequence[ports.Refund]) -> None:
    """Take all of them, oldest first."""
    payment = refunds.locked(session, payment_id)
    for told in reversed(found):
        refunds.take_one_of_all(session, payment, told)


def reject_lookup(session: Session, payment_id: UUID, error: ProviderRejected) -> None:
    """Stripe does not show the payment any more: a person has to look."""
    alerts.raise_alert(
        session,
        "payments.refunds_unknown",
        subject=f"payment:{payment_id}",
        severity="warning",
        summary="Stripe tells of a refund and does not show it.",
        details={"code": error.provider_code},
    )


def _locked(session: Session, refund_id: UUID) -> tuple[Refund, Payment]:
    """The refund and its payment, the payment locked first."""
    payment_id = session.scalars(select(Refund.payment_id).where(Refund.id == refund_id)).one()
    payment = refunds.locked(session, payment_id)
    return session.scalars(select(Refund).where(Refund.id == refund_id)).one(), payment
