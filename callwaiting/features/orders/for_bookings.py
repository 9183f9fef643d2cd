"""The order by which a booking's deposit is paid: one line, the service at its price, and a due part of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.features.audit import service as audit
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Tax
from callwaiting.features.orders.deposits import Terms
from callwaiting.features.orders.listing import locked
from callwaiting.features.orders.models import Order
from callwaiting.features.orders.placing import write
from callwaiting.features.orders.quoting import require_payable, with_deposit
from callwaiting.features.orders.totals import Basket, total_up
from callwaiting.features.orders.transitions import Move, after
from callwaiting.features.payments import service as payments


def place_for_booking(
    session: Session,
    *,
    booking_id: UUID,
    service_id: UUID,
    name: str,
    price: Money,
    tax: Tax,
    deposit: Money,
    expires_at: datetime,
    caller_id: UUID,
    phone_number_id: UUID,
    answers_live_call: bool,
) -> UUID:
    """Place the order for a booking, and plan the text with the link for its deposit, which is good until `expires_at`.

    Raises AmountOutOfRange or CurrencyNotTaken, before anything is written, when no link can ask for the deposit.
    """
    profile = merchants.profile(session)
    service = Basket(item_id=service_id, name=name, quantity=1, unit_price=price, tax=tax)
    terms = Terms(fixed_minor=deposit.minor)
    require_payable(session, deposit)
    found = with_deposit(session, total_up([service], profile.currency), terms)
    order = write(
        session,
        profile,
        found,
        terms,
        caller_id=caller_id,
        phone_number_id=phone_number_id,
        expires_at=expires_at,
        booking_id=booking_id,
        answers_live_call=answers_live_call,
    )
    return order.id


def lock_of_bookings(session: Session, booking_ids: Collection[UUID]) -> None:
    """Lock the orders of these bookings, as far as they have one, before the bookings are."""
    if booking_ids:
        query = select(Order.id).where(Order.booking_id.in_(booking_ids)).order_by(Order.id)
        session.execute(query.with_for_update())


def end_of_booking(session: Session, booking_id: UUID) -> UUID | None:
    """The booking is cancelled: nothing is asked for by its order any more. Returns the order, None without one.

    What was paid stays until it is given back; an order that is paid in full keeps its state until then. Raises
    PaymentUnderway.
    """
    order_id = session.scalar(select(Order.id).where(Order.booking_id == booking_id))
    if order_id is None:
        return None
    order = locked(session, order_id)
    payments.require_none_underway(session, order_id)
    state = after(order.state, Move.CANCEL)
    if state is not None:
        order.move(state)
        session.flush()
        payments.close_pages(session, order_id)
        audit.record(session, "order.cancelled", subject=f"order:{order_id}", reason="booking cancelled")
    return order_id
