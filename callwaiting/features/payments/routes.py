"""`/api/v1/payments` and `/api/v1/refunds`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page
from callwaiting.features.payments import overview, refunds
from callwaiting.features.payments.schemas import (
    DisputeFace,
    DisputeQuery,
    PaymentFace,
    PaymentQuery,
    RefundBody,
    RefundFace,
    RefundQuery,
)

api = Api("payments")


@api.get("/payments", requires="payments.read", query=PaymentQuery, answers=Page[PaymentFace])
def newest(session: Session, query: PaymentQuery) -> Page[PaymentFace]:
    """Money that came in, newest first."""
    rows = overview.newest_payments(
        session,
        state=query.state,
        provider=query.provider,
        order_id=query.order_id,
        before=query.position(UUID),
        limit=query.limit + 1,
    )
    return Page[PaymentFace].of(rows, query, key=lambda row: row.id)


@api.get("/payments/<uuid:payment_id>", requires="payments.read", answers=PaymentFace)
def one(session: Session, payment_id: UUID) -> PaymentFace:
    """One payment, and what is left of it."""
    return PaymentFace.model_validate(overview.payment(session, payment_id))


@api.post(
    "/payments/<uuid:payment_id>/refunds",
    requires="payments.refund",
    body=RefundBody,
    answers=RefundFace,
    status=201,
    step_up=True,
    refuses=[ErrorCode.CONFLICT],
)
def give_back(session: Session, payment_id: UUID, body: RefundBody) -> RefundFace:
    """Give money back.

    It is planned, and asked for within moments; `GET /refunds/<id>` tells what became of it. 409 when it is more than
    what is left after all that went back or is on its way.
    """
    amount = body.amount.money() if body.amount else None
    refund = refunds.request_refund(session, payment_id, amount=amount, reason=body.reason)
    return RefundFace.model_validate(overview.known(refund))


@api.get("/disputes", requires="payments.read", query=DisputeQuery, answers=Page[DisputeFace])
def newest_disputes(session: Session, query: DisputeQuery) -> Page[DisputeFace]:
    """Payments that their payers dispute, or dispute no more, newest first."""
    rows = overview.newest_disputes(
        session, state=query.state, provider=query.provider, before=query.position(UUID), limit=query.limit + 1
    )
    return Page[DisputeFace].of(rows, query, key=lambda row: row.id)


@api.get("/disputes/<uuid:dispute_id>", requires="payments.read", answers=DisputeFace)
def one_dispute(session: Session, dispute_id: UUID) -> DisputeFace:
    """One dispute, and until when evidence can be sent to its provider."""
    return DisputeFace.model_validate(overview.dispute(session, dispute_id))


@api.get("/refunds", requires="payments.read", query=RefundQuery, answers=Page[RefundFace])
def newest_refunds(session: Session, query: RefundQuery) -> Page[RefundFace]:
    """Money that went back or is on its way, newest first."""
    rows = overview.newest_refunds(
        session, state=query.state, payment_id=query.payment_id, before=query.position(UUID), limit=query.limit + 1
    )
    return Page[RefundFace].of(rows, query, key=lambda row: row.id)


@api.get("/refunds/<uuid:refund_id>", requires="payments.read", answers=RefundFace)
def one_refund(session: Session, refund_id: UUID) -> RefundFace:
    """One refund, and what became of it."""
    return RefundFace.model_validate(overview.refund(session, refund_id))


@api.post(
    "/refunds/<uuid:refund_id>/retry",
    requires="payments.refund",
    answers=RefundFace,
    status=200,
    step_up=True,
    refuses=[ErrorCode.CONFLICT],
)
def ask_again(session: Session, refund_id: UUID) -> RefundFace:
    """Ask the provider once more for a refund that was given up.

    409 while it is still being tried, and once the provider has told of it.
    """
    return RefundFace.model_validate(overview.known(refunds.ask_again(session, refund_id)))
