"""An order whose money has come, or money that does not fit it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.money import Money
from callwaiting.core.statements import Statement
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.messages import service as messages
from callwaiting.features.orders.events import OrderDepositPaid, OrderPaid
from callwaiting.features.orders.listing import locked, one
from callwaiting.features.orders.transitions import MOVES, Move, State
from callwaiting.features.payments.events import PaymentParked, PaymentSettled

PAYABLE = [state for state, move in MOVES if move is Move.SETTLE]
WITH_DEPOSIT = [state for state, move in MOVES if move is Move.SETTLE_DEPOSIT]
PAY = Statement("""
update app.orders set state = 'paid', revision = revision + 1, paid_at = %(paid_at)s
where id = %(id)s and state = any(%(payable)s) and (deposit_minor = 0 or rest_asked)
  and due_minor = %(amount_minor)s and currency = %(currency)s
returning number, caller_id, phone_number_id, total_minor, booking_id
""")
PAY_DEPOSIT = Statement("""
update app.orders set state = 'deposit_paid', revision = revision + 1, deposit_paid_at = %(paid_at)s
where id = %(id)s and state = any(%(payable)s) and deposit_minor = %(amount_minor)s and currency = %(currency)s
  and not rest_asked
returning number, caller_id, phone_number_id, total_minor, booking_id
""")


def on_payment_settled(session: Session, event: PaymentSettled) -> None:
    """Mark the order, or its deposit, paid and say so. Money for an order that cannot become paid raises an alert."""
    facts = {
        "id": event.order_id,
        "paid_at": clock.now(),
        "amount_minor": event.amount.minor,
        "currency": event.amount.currency,
    }
    order = PAY(session, payable=PAYABLE, **facts).one_or_none()
    if order is None:
        _deposit(session, event, facts)
        return
    audit.record(
        session,
        "order.paid",
        subject=f"order:{event.order_id}",
        details={"payment": str(event.payment_id), "total_minor": order.total_minor},
    )
    news = OrderPaid(
        order_id=event.order_id,
        number=order.number,
        payment_id=event.payment_id,
        amount=event.amount,
        total=Money(order.total_minor, event.amount.currency),
        caller_id=order.caller_id,
        phone_number_id=order.phone_number_id,
        booking_id=order.booking_id,
    )
    publish(session, news)


def _deposit(session: Session, event: PaymentSettled, facts: dict[str, object]) -> None:
    order = PAY_DEPOSIT(session, payable=WITH_DEPOSIT, **facts).one_or_none()
    if order is None:
        _alert_unexpected(session, event)
        return
    audit.record(
        session,
        f"order.{State.DEPOSIT_PAID}",
        subject=f"order:{event.order_id}",
        details={"payment": str(event.payment_id), "deposit_minor": event.amount.minor},
    )
    news = OrderDepositPaid(
        order_id=event.order_id,
        number=order.number,
        payment_id=event.payment_id,
        deposit=event.amount,
        rest=Money(order.total_minor - event.amount.minor, event.amount.currency),
        total=Money(order.total_minor, event.amount.currency),
        caller_id=order.caller_id,
        phone_number_id=order.phone_number_id,
        booking_id=order.booking_id,
    )
    publish(session, news)


def on_payment_parked(session: Session, event: PaymentParked) -> None:
    """Tell the payer, who would wait for a receipt or pay again."""
    order = one(session, event.order_id)
    messages.plan_text(
        session,
        "payment_parked",
        {"amount": str(event.amount), "order": str(order.number)},
        caller_id=order.caller_id,
        phone_number_id=order.phone_number_id,
        message_key=f"parked:{event.payment_id}",
        answers_live_call=True,  # the payer has just paid
        subject_id=order.id,
    )


def _alert_unexpected(session: Session, event: PaymentSettled) -> None:
    order = locked(session, event.order_id)
    alerts.raise_alert(
        session,
        "orders.unexpected_payment",
        subject=f"order:{order.id}",
        severity="high",
        summary=f"Order {order.number} is {order.state.replace('_', ' ')} and got a payment that does not fit.",
        details={"payment": str(event.payment_id), "amount_minor": event.amount.minor, "state": order.state},
    )
