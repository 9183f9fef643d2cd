"""What is left of an order after its deposit, paid on the spot. By link it comes as any payment does (`renewal`)."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.orders.errors import NoRestDue
from callwaiting.features.orders.events import OrderPaid
from callwaiting.features.orders.listing import locked
from callwaiting.features.orders.transitions import Move, after
from callwaiting.features.payments import service as payments


def settle_here(session: Session, order_id: UUID, version: int) -> None:
    """The team has taken the rest: the order is paid in full. A page for the rest is closed; the ledger, which is of
    the money at providers, has no entry.

    Raises OrderNotFound, PreconditionFailed, NoRestDue, or PaymentUnderway when the rest is being taken by link.
    """
    order = locked(session, order_id)
    require_version(order.revision, version)
    state = after(order.state, Move.SETTLE_HERE)
    if state is None:
        raise NoRestDue(order.state, message=f"This order is {order.state.replace('_', ' ')}: it has no rest to pay.")
    payments.require_none_underway(session, order.id)
    order.paid_elsewhere_minor, order.paid_at = order.rest.minor, clock.now()
    order.move(state)
    session.flush()
    payments.close_pages(session, order.id)
    audit.record(
        session,
        "order.paid_on_the_spot",
        subject=f"order:{order.id}",
        details={"number": order.number, "rest_minor": order.paid_elsewhere_minor, "total_minor": order.total_minor},
    )
    news = OrderPaid(
        order_id=order.id,
        number=order.number,
        payment_id=None,
        amount=order.rest,
        total=order.total,
        caller_id=order.caller_id,
        phone_number_id=order.phone_number_id,
        booking_id=order.booking_id,
    )
    publish(session, news)
