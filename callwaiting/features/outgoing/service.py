"""Telling a merchant's own systems what has happened: one delivery for each endpoint that wants to hear of it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.money import Money
from callwaiting.core.statements import Statement
from callwaiting.features.bookings.events import BookingConfirmed
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.events import OrderDepositPaid, OrderPaid
from callwaiting.features.orders.service import Line
from callwaiting.features.outbox import service as outbox

EventName = Literal["booking.confirmed", "order.deposit_paid", "order.paid"]
EFFECT = "webhook.deliver"
# The one statement where nobody listens: settlements pass here.
LISTENED = Statement("""
select 1 from app.outgoing_endpoints where state = 'active' and %(event)s::text = any(events) limit 1
""")
TELL = Statement("""
insert into app.outgoing_deliveries (merchant_id, id, endpoint_id, event, body)
select merchant_id, uuidv7(), id, %(event)s::text, %(body)s::text from app.outgoing_endpoints
where state = 'active' and %(event)s::text = any(events)
returning id
""")


def on_order_paid(session: Session, event: OrderPaid) -> None:
    if LISTENED(session, event="order.paid").scalar() is None:
        return
    tell(
        session,
        "order.paid",
        {
            "order_id": event.order_id,
            "number": event.number,
            "payment_id": event.payment_id,
            "booking_id": event.booking_id,
            "amount": _amount(event.amount),
            "total": _amount(event.total),
            "lines": _lines(session, event.order_id),
        },
    )


def on_order_deposit_paid(session: Session, event: OrderDepositPaid) -> None:
    if LISTENED(session, event="order.deposit_paid").scalar() is None:
        return
    tell(
        session,
        "order.deposit_paid",
        {
            "order_id": event.order_id,
            "number": event.number,
            "payment_id": event.payment_id,
            "booking_id": event.booking_id,
            "amount": _amount(event.deposit),
            "rest": _amount(event.rest),
            "total": _amount(event.total),
            "lines": _lines(session, event.order_id),
        },
    )


def _lines(session: Session, order_id: UUID) -> list[dict[str, object]]:
    return [_line(line) for line in orders.summary(session, order_id).quote.lines]


def _line(line: Line) -> dict[str, object]:
    """As it was placed. `unit_price` is that of one piece with its options; `net` and `tax` add up to its cost."""
    currency = line.unit_price.currency
    return {
        "item_id": line.item_id,
        "name": line.name,
        "quantity": line.quantity,
        "unit_price": _amount(line.unit_price),
        "net": _amount(Money(line.net_minor, currency)),
        "tax": _amount(Money(line.tax_minor, currency)),
        "tax_name": line.tax.name,
        "tax_basis_points": line.tax.basis_points,
        "tax_inclusive": line.tax.inclusive,
        "discount": _amount(Money(line.discount_minor, currency)),
        "options": [
            {"group": option.group, "name": option.name, "price_delta": _amount(option.delta)}
            for option in line.options
        ],
        "removed": list(line.removed),
    }


def _amount(money: Money) -> dict[str, object]:
    return {"amount": money.minor, "currency": money.currency}


def on_booking_confirmed(session: Session, event: BookingConfirmed) -> None:
    tell(
        session,
        "booking.confirmed",
        {
            "booking_id": event.booking_id,
            "resource_id": event.resource_id,
            "start": event.start,
            "end": event.end,
        },
    )


def tell(session: Session, event: EventName, data: dict[str, object]) -> None:
    """Plan a delivery to each active endpoint that asked for this event; with the transaction, or not at all.

    `data` names rows and amounts. Who the caller is, whoever receives it asks the API, by its own permissions.
    """
    body = orjson.dumps({"type": event, "timestamp": clock.now(), "data": data}, option=orjson.OPT_UTC_Z).decode()
    for delivery_id in TELL(session, event=event, body=body).scalars():
        outbox.plan(session, EFFECT, effect_key=f"webhook:{delivery_id}:1:1", subject_id=delivery_id)
