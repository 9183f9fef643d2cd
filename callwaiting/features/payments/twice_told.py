"""Money that PayPal tells of twice: as what a dispute took, and as a refund of the same amount.

Whichever came first carries the ledger's entries; the other points to it. A refund that the team asked for is its own.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.payments import ledger
from callwaiting.features.payments.models import Dispute, Payment, Refund

# So long its refund may overtake a dispute. An older refund was made for a reason of its own.
OVERTAKING = timedelta(hours=1)


def dispute_that_took(session: Session, payment: Payment, refund: Refund) -> Dispute | None:
    """The dispute whose money this refund tells of once more."""
    if payment.provider != "paypal" or refund.origin != "provider":
        return None
    told = select(Refund.dispute_id).where(Refund.payment_id == payment.id, Refund.dispute_id.is_not(None))
    query = select(Dispute).where(
        Dispute.payment_id == payment.id,
        Dispute.state.in_(("open", "lost")),
        Dispute.amount_minor == refund.amount_minor,
        Dispute.refund_id.is_(None),
        Dispute.id.not_in(told),
    )
    return session.scalar(query.order_by(Dispute.id).limit(1))


def refund_that_gave(session: Session, payment: Payment, dispute: Dispute) -> Refund | None:
    """The refund, made moments ago, whose money this dispute tells of once more."""
    if payment.provider != "paypal":
        return None
    told = select(Dispute.refund_id).where(Dispute.payment_id == payment.id, Dispute.refund_id.is_not(None))
    query = select(Refund).where(
        Refund.payment_id == payment.id,
        Refund.origin == "provider",
        Refund.state == "succeeded",
        Refund.amount_minor == dispute.amount_minor,
        Refund.dispute_id.is_(None),
        Refund.ended_at > clock.now() - OVERTAKING,
        Refund.id.not_in(told),
    )
    return session.scalar(query.order_by(Refund.id).limit(1))


def release(session: Session, payment: Payment, dispute: Dispute) -> None:
    """The dispute is won and its money back: what was refunded meanwhile was a refund after all."""
    refund = session.scalar(select(Refund).where(Refund.dispute_id == dispute.id))
    if refund is not None:
        refund.dispute_id = None
        session.flush()
        ledger.refund_made(session, payment, refund)
