"""Payments and refunds as the team reads them, by their ids, which rise with time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.features.payments.errors import DisputeNotFound, PaymentNotFound, RefundNotFound
from callwaiting.features.payments.models import Dispute, Payment, Refund


@dataclass(frozen=True, slots=True)
class KnownPayment:
    """`refunded` has gone back, `pending` is on its way back, `refundable` is what is left."""

    id: UUID
    order_id: UUID | None
    provider: str
    mode: str
    provider_payment_id: str
    amount: Money
    refunded: Money
    pending: Money
    refundable: Money
    state: str
    entered_as: str
    reason: str
    settled_at: datetime


@dataclass(frozen=True, slots=True)
class KnownRefund:
    id: UUID
    payment_id: UUID
    provider: str
    provider_refund_id: str | None
    amount: Money
    state: str
    origin: str
    reason: str
    failure: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownDispute:
    """`respond_by` is the provider's deadline for evidence."""

    id: UUID
    payment_id: UUID
    provider: str
    provider_dispute_id: str
    amount: Money
    state: str
    reason: str
    opened_at: datetime
    respond_by: datetime | None
    ended_at: datetime | None
    refund_id: UUID | None


def newest_payments(
    session: Session,
    *,
    state: str | None,
    provider: str | None,
    order_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> list[KnownPayment]:
    """The merchant's payments, newest first; those older than `before`."""
    query = _payments().order_by(Payment.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Payment.state == state)
    if provider is not None:
        query = query.where(Payment.provider == provider)
    if order_id is not None:
        query = query.where(Payment.order_id == order_id)
    if before is not None:
        query = query.where(Payment.id < before)
    return [_payment(row, pending) for row, pending in session.execute(query)]


def payments_for(session: Session, order_id: UUID) -> list[KnownPayment]:
    """The payments for an order, the first one first; also those that do not fit it."""
    return [
        _payment(*row) for row in session.execute(_payments().where(Payment.order_id == order_id).order_by(Payment.id))
    ]


def refunds_of(session: Session, payment_id: UUID) -> list[KnownRefund]:
    """What has gone back of a payment, the first one first; not what is on its way or came back."""
    query = select(Refund).where(Refund.payment_id == payment_id, Refund.state == "succeeded").order_by(Refund.id)
    return [known(row) for row in session.scalars(query)]


def payment(session: Session, payment_id: UUID) -> KnownPayment:
    """Raises PaymentNotFound."""
    found = session.execute(_payments().where(Payment.id == payment_id)).one_or_none()
    if found is None:
        raise PaymentNotFound(str(payment_id))
    return _payment(*found)


def newest_refunds(
    session: Session, *, state: str | None, payment_id: UUID | None, before: UUID | None, limit: int
) -> Sequence[KnownRefund]:
    """The merchant's refunds, newest first; those older than `before`."""
    query = select(Refund).order_by(Refund.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Refund.state == state)
    if payment_id is not None:
        query = query.where(Refund.payment_id == payment_id)
    if before is not None:
        query = query.where(Refund.id < before)
    return [known(row) for row in session.scalars(query)]


def refund(session: Session, refund_id: UUID) -> KnownRefund:
    """Raises RefundNotFound."""
    row = session.scalar(select(Refund).where(Refund.id == refund_id))
    if row is None:
        raise RefundNotFound(str(refund_id))
    return known(row)


def newest_disputes(
    session: Session, *, state: str | None, provider: str | None, before: UUID | None, limit: int
) -> Sequence[KnownDispute]:
    """The merchant's disputes, newest first; those older than `before`."""
    query = select(Dispute).order_by(Dispute.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Dispute.state == state)
    if provider is not None:
        query = query.where(Dispute.provider == provider)
    if before is not None:
        query = query.where(Dispute.id < before)
    return [_dispute(row) for row in session.scalars(query)]


def dispute(session: Session, dispute_id: UUID) -> KnownDispute:
    """Raises DisputeNotFound."""
    row = session.scalar(select(Dispute).where(Dispute.id == dispute_id))
    if row is None:
        raise DisputeNotFound(str(dispute_id))
    return _dispute(row)


def _dispute(row: Dispute) -> KnownDispute:
    return KnownDispute(
        id=row.id,
        payment_id=row.payment_id,
        provider=row.provider,
        provider_dispute_id=row.provider_id,
        amount=Money(row.amount_minor, row.currency),
        state=row.state,
        reason=row.reason,
        opened_at=row.opened_at,
        respond_by=row.respond_by,
        ended_at=row.ended_at,
        refund_id=row.refund_id,
    )


def known(row: Refund) -> KnownRefund:
    return KnownRefund(
        id=row.id,
        payment_id=row.payment_id,
        provider=row.provider,
        provider_refund_id=row.provider_id,
        amount=Money(row.amount_minor, row.currency),
        state=row.state,
        origin=row.origin,
        reason=row.reason,
        failure=row.failure,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def _payments() -> Select[Payment, int]:
    """Payments with what is on its way back of each."""
    pending = (
        select(func.coalesce(func.sum(Refund.amount_minor), 0))
        .where(Refund.merchant_id == Payment.merchant_id, Refund.payment_id == Payment.id, Refund.state == "pending")
        .scalar_subquery()
    )
    return select(Payment, pending)


def _payment(row: Payment, pending: int) -> KnownPayment:
    left = max(row.amount_minor - row.refunded_minor - pending, 0)
    return KnownPayment(
        id=row.id,
        order_id=row.order_id,
        provider=row.provider,
        mode=row.mode,
        provider_payment_id=row.payment_id,
        amount=Money(row.amount_minor, row.currency),
        refunded=Money(row.refunded_minor, row.currency),
        pending=Money(pending, row.currency),
        refundable=Money(left, row.currency),
        state=row.state,
        entered_as=row.entered_as,
        reason=row.reason,
        settled_at=row.settled_at,
    )
