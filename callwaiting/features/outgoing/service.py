"""Telling a merchant's own systems what has happened: one delivery for each endpoint that wants to hear of it."""

from __future__ import annotations

from typing import Literal

import orjson
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.statements import Statement
from callwaiting.features.bookings.events import BookingConfirmed
from callwaiting.features.orders.events import OrderPaid
from callwaiting.features.outbox import service as outbox

EventName = Literal["booking.confirmed", "order.paid"]
EFFECT = "webhook.deliver"
# One statement, also where nobody listens: settlements pass here.
TELL = Statement("""
insert into app.outgoing_deliveries (merchant_id, id, endpoint_id, event, body)
select merchant_id, uuidv7(), id, %(event)s::text, %(body)s::text from app.outgoing_endpoints
where state = 'active' and %(event)s::text = any(events)
returning id
""")


def on_order_paid(session: Session, event: OrderPaid) -> None:
    tell(
        session,
        "order.paid",
        {
            "order_id": event.order_id,
            "number": event.number,
            "payment_id": event.payment_id,
            "total": {"amount": event.total.minor, "currency": event.total.currency},
        },
    )


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
    for delivery_id in TELL(session, event=event, body=body).scalars().all():
        outbox.plan(session, EFFECT, effect_key=f"webhook:{delivery_id}:1:1", subject_id=delivery_id)
