"""Payments that their payers dispute. The order keeps its state: a dispute stands beside it, with an alert and entries
in the ledger. What the providers tell is taken in any order and any number of times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.payments import ledger, refunds, twice_told
from callwaiting.features.payments.accounts import PaymentProvider
from callwaiting.features.payments.models import Dispute, Payment
from callwaiting.features.payments.transitions import DISPUTE_NEXT
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers import ports
from callwaiting.providers.ports import PayloadInvalid

RULE = "payments.disputed"
SAID: Mapping[str, str] = {
    "inquiry": "The payer's bank asks about a payment of {amount}: answer at the provider before it becomes a dispute.",
    "open": "A payment of {amount} is disputed and its money withdrawn: send evidence at the provider in time.",
    "lost": "A dispute of {amount} is lost; the money is gone.",
}


def take_dispute(
    session: Session, told: ports.Dispute, *, provider: PaymentProvider, received_at: datetime
) -> Literal["moved", "stale", "foreign"]:
    """Take what a provider's event tells of a dispute. `foreign`: of a payment that is not ours.

    Raises NotYet while the payment may still become known; PayloadInvalid when it cannot be one of this payment.
    """
    payment = refunds.payment_by(session, provider, told.payment_id)
    if payment is None:
        if told.payment_id and clock.now() < received_at + refunds.OVERTAKING:
            raise NotYet("the payment of this dispute is not known yet")
        return "foreign"
    if told.amount.currency != payment.currency or told.amount.minor <= 0:
        raise PayloadInvalid("the dispute is not in the payment's currency")
    dispute = session.scalar(
        select(Dispute).where(Dispute.provider == provider, Dispute.provider_id == told.provider_id)
    )
    was = dispute.state if dispute else "new"
    if dispute is not None and told.respond_by is not None:
        dispute.respond_by = told.respond_by
    if told.state not in DISPUTE_NEXT[was]:
        return "stale"
    if dispute is None:
        dispute = _add(session, payment, told)
    if told.state in {"open", "lost"} and was in {"new", "inquiry"}:
        refund = twice_told.refund_that_gave(session, payment, dispute)
        dispute.refund_id = refund.id if refund else None
    dispute.state = told.state
    if told.state in {"won", "lost"}:
        dispute.ended_at = clock.now()
    session.flush()
    if dispute.refund_id is None:
        ledger.dispute_moved(session, payment, dispute, was)
    if dispute.state == "won":
        twice_told.release(session, payment, dispute)
    audit.record(
        session,
        f"dispute.{told.state}",
        subject=f"dispute:{dispute.id}",
        reason=told.reason,
        details={"payment": str(payment.id), "amount_minor": dispute.amount_minor, "currency": dispute.currency},
    )
    _alert(session, payment, dispute)
    return "moved"


def _add(session: Session, payment: Payment, told: ports.Dispute) -> Dispute:
    dispute = Dispute(
        merchant_id=merchant_of(session),
        id=new_id(),
        payment_id=payment.id,
        provider=payment.provider,
        provider_id=told.provider_id,
        amount_minor=told.amount.minor,
        currency=told.amount.currency,
        reason=told.reason,
        state=told.state,
        opened_at=clock.now(),
        respond_by=told.respond_by,
    )
    session.add(dispute)
    return dispute


def _alert(session: Session, payment: Payment, dispute: Dispute) -> None:
    subject = f"dispute:{dispute.id}"
    if dispute.state == "won":
        alerts.resolve_alert(session, RULE, subject=subject)
        return
    amount = Money(dispute.amount_minor, dispute.currency)
    alerts.raise_alert(
        session,
        RULE,
        subject=subject,
        severity="high",
        summary=SAID[dispute.state].format(amount=amount),
        details={
            "payment": str(payment.id),
            "provider_id": dispute.provider_id,
            "reason": dispute.reason,
            "respond_by": dispute.respond_by.isoformat() if dispute.respond_by else None,
        },
    )
