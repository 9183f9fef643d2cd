"""The money that was taken for an order, and whether some is just being taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.features.payments.errors import PaymentUnderway
from callwaiting.features.payments.models import Checkout, Payment


@dataclass(frozen=True, slots=True)
class Taken:
    """One payment. `refunded` of its `amount` was given back."""

    id: UUID
    provider: str
    state: str
    amount: Money
    refunded: Money
    settled_at: datetime


def taken_for(session: Session, order_id: UUID) -> Sequence[Taken]:
    """The payments for an order, the first one first; also those that were parked or are surplus."""
    rows = session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.settled_at, Payment.id))
    return [
        Taken(
            id=row.id,
            provider=row.provider,
            state=row.state,
            amount=Money(row.amount_minor, row.currency),
            refunded=Money(row.refunded_minor, row.currency),
            settled_at=row.settled_at,
        )
        for row in rows
    ]


def require_none_underway(session: Session, order_id: UUID) -> None:
    """Raises PaymentUnderway when a payer has approved a payment that is being captured. Call with the order locked."""
    approved = select(Checkout.id).where(Checkout.order_id == order_id, Checkout.state == "approved").limit(1)
    if session.scalar(approved) is not None:
        raise PaymentUnderway("approved", message="A payment for this order is being taken.")
