"""A booking whose service has a deposit is paid for by an order of its own; here the two hear of each other.

Every handler runs in the transaction of what it hears of. The order's row is locked before the booking's, always: a
payment comes by way of the order, and a cancellation locks the order first (`on_bookings_to_lock`).
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.features.alerts import service as alerts
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.events import BookingCancelled, BookingsToLock, DepositDue
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import AmountOutOfRange
from callwaiting.features.orders.events import OrderDepositPaid, OrderExpired, OrderPaid
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import AccountGone, CurrencyNotTaken, RefundTooLarge


def on_deposit_due(session: Session, event: DepositDue) -> None:
    """Place the order that asks for the deposit, and text its link. Where no link can, the booking is confirmed
    without, and the team knows."""
    try:
        orders.place_for_booking(
            session,
            booking_id=event.booking_id,
            service_id=event.service_id,
            name=event.service,
            price=event.price,
            tax=event.tax,
            deposit=event.deposit,
            expires_at=event.until,
            caller_id=event.caller_id,
            phone_number_id=event.phone_number_id,
            answers_live_call=event.answers_live_call,
        )
    except (AmountOutOfRange, CurrencyNotTaken) as error:
        bookings.waive_asked(session, event.booking_id, answers_live_call=event.answers_live_call)
        alerts.raise_alert(
            session,
            "bookings.deposit_not_asked",
            subject=f"booking:{event.booking_id}",
            severity="warning",
            summary=f"A deposit of {event.deposit} cannot be asked for by a link: the booking is confirmed without it.",
            details={"reason": error.reason},
        )


def on_order_paid(session: Session, event: OrderPaid | OrderDepositPaid) -> None:
    """Confirm the booking that the order was for. Money whose booking is over waits for a person."""
    if event.booking_id is None or bookings.take_paid(session, event.booking_id) != "lost":
        return
    alerts.raise_alert(
        session,
        "bookings.deposit_without_booking",
        subject=f"booking:{event.booking_id}",
        severity="high",
        summary=f"Order {event.number} was paid for a booking that is over: give the money back, or book anew.",
        details={"order": str(event.order_id)},
    )


def on_order_expired(session: Session, event: OrderExpired) -> None:
    """The deposit was not paid in time: the booking's time is free again."""
    if event.booking_id is not None:
        bookings.expire_unpaid(session, event.booking_id)


def on_bookings_to_lock(session: Session, event: BookingsToLock) -> None:
    orders.lock_of_bookings(session, event.booking_ids)


def on_booking_cancelled(session: Session, event: BookingCancelled) -> None:
    """What is not paid is not asked for any more. What was paid through a provider goes back, or stays.

    Raises PaymentUnderway while the payer has approved and the money is being taken.
    """
    order_id = orders.end_of_booking(session, event.booking_id)
    if order_id is None or event.deposit == "keep":
        return
    for payment in payments.payments_for(session, order_id):
        if payment.entered_as != "settled" or not payment.refundable.minor:
            continue
        try:
            payments.request_refund(session, payment.id, amount=None, reason="requested_by_customer")
        except (AccountGone, RefundTooLarge) as error:
            alerts.raise_alert(
                session,
                "bookings.deposit_not_returned",
                subject=f"payment:{payment.id}",
                severity="high",
                summary=f"A booking is cancelled; {payment.refundable} cannot be given back: {error.public_message}",
                details={"booking": str(event.booking_id)},
            )
