"""What an order and its caller learn when money goes back."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.features.audit import service as audit
from callwaiting.features.messages import service as messages
from callwaiting.features.orders.models import Order
from callwaiting.features.orders.transitions import Move, State, after
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.events import PaymentRefunded


def on_payment_refunded(session: Session, event: PaymentRefunded) -> None:
    """Move the order with what has been given back of the payment that paid it, and tell the caller of a refund."""
    order = session.scalars(
        select(Order).where(Order.id == event.order_id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if event.paid_for_order:
        _follow(session, order)
    if event.succeeded:
        messages.plan_text(
            session,
            "refund",
            {"amount": str(event.amount), "order": str(order.number)},
            caller_id=order.caller_id,
            phone_number_id=order.phone_number_id,
            message_key=f"refund:{event.refund_id}",
            subject_id=order.id,
        )


def _follow(session: Session, order: Order) -> None:
    """By all that went back of what paid for it: with a deposit these are two payments. A part of the deposit alone
    changes nothing; the rest is still due."""
    taken = payments.taken_for(session, order.id)
    if order.deposit_minor and order.paid_at is None:
        move = Move.REFUND_DEPOSIT if taken.refunded >= taken.captured else Move.KEEP_DEPOSIT
    else:
        move = Move.REFUND_PART if taken.refunded else Move.REFUND_NOTHING
        if taken.refunded >= order.total_minor:
            move = Move.REFUND_ALL
    state = after(order.state, move)
    if state is None or state == order.state:
        return
    order.move(state)
    audit.record(
        session,
        "order.refund_came_back" if state in {State.PAID, State.DEPOSIT_PAID} else f"order.{state}",
        subject=f"order:{order.id}",
        details={"number": order.number, "refunded_minor": taken.refunded},
    )
