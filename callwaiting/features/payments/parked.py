"""Money that does not fit its order. Until somebody of the team has seen to it, nobody is asked to pay again."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.features.alerts import service as alerts
from callwaiting.features.payments.errors import PaymentParked
from callwaiting.features.payments.models import Payment

RULE = "payments.parked"
"""The alert, which ends when all of the money has gone back, or when somebody says so."""


def is_looked_into(session: Session, order_id: UUID) -> bool:
    """Whether money came for this order that does not fit it, and nobody has seen to it yet."""
    query = select(Payment.id).where(Payment.order_id == order_id, Payment.entered_as == "parked")
    return alerts.waits(session, RULE, subjects=[f"payment:{payment_id}" for payment_id in session.scalars(query)])


def require_nothing_parked(session: Session, order_id: UUID) -> None:
    """Raises PaymentParked."""
    if is_looked_into(session, order_id):
        raise PaymentParked(message="A payment that does not fit this order is to be seen to first.")
