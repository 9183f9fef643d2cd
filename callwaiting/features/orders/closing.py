"""Orders that end unpaid: cancelled by the team, or expired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.messages import service as messages
from callwaiting.features.orders.errors import NotCancellable
from callwaiting.features.orders.events import OrderExpired
from callwaiting.features.orders.listing import locked
from callwaiting.features.orders.models import Order
from callwaiting.features.orders.transitions import Move, State, after
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import PaymentUnderway

EXPIRY_BATCH = 500


@dataclass(frozen=True, slots=True)
class DueOrder:
    merchant_id: UUID
    order_id: UUID


def cancel(session: Session, order_id: UUID, version: int) -> None:
    """Cancel an order that is not paid, or not in full, and plan the text that says so. Its payment link stops taking
    money, and an open page of Stripe is closed.

    Raises OrderNotFound, PreconditionFailed, NotCancellable, or PaymentUnderway when its payment is being taken.
    """
    order = locked(session, order_id)
    require_version(order.revision, version)
    state = after(order.state, Move.CANCEL)
    if order.booking_id is not None:
        raise NotCancellable("of a booking", message="This is for a booking: cancel the booking.")
    if state is None:
        raise NotCancellable(order.state, message=f"This order is {order.state.replace('_', ' ')}.")
    payments.require_none_underway(session, order.id)
    order.move(state)
    session.flush()
    payments.close_pages(session, order.id)
    messages.plan_text(
        session,
        "order_cancelled",
        {"order": str(order.number)},
        caller_id=order.caller_id,
        phone_number_id=order.phone_number_id,
        message_key=f"cancelled:{order.id}",
        subject_id=order.id,
    )
    audit.record(session, "order.cancelled", subject=f"order:{order.id}", details={"number": order.number})


def due_orders(session: Session) -> list[DueOrder]:
    """Unpaid orders of all merchants whose time is up; for the service role, which sees no more than this."""
    rows = session.execute(
        select(Order.merchant_id, Order.id)
        .where(Order.state == State.AWAITING_PAYMENT, Order.expires_at <= clock.now())
        .order_by(Order.expires_at)
        .limit(EXPIRY_BATCH)
    )
    return [DueOrder(merchant_id, order_id) for merchant_id, order_id in rows]


def expire(session: Session, order_id: UUID) -> Literal["expired", "kept"]:
    """Expire an order whose time is up; `kept` when it was paid meanwhile, is being paid or is not due.

    Raises OrderNotFound.
    """
    order = locked(session, order_id)
    state = after(order.state, Move.EXPIRE)
    if state is None or order.expires_at is None or order.expires_at > clock.now():
        return "kept"
    try:
        payments.require_none_underway(session, order.id)
    except PaymentUnderway:
        return "kept"  # its money may still come; whatever becomes of it ends the wait
    order.move(state)
    session.flush()
    payments.close_pages(session, order.id)
    audit.record(session, "order.expired", subject=f"order:{order.id}", details={"number": order.number})
    publish(session, OrderExpired(order.id, order.booking_id))
    return "expired"
