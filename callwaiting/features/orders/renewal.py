"""A new payment link for an order that was not paid in time, or for what is left of it after its deposit: asked for by
its payer, or given by the business.

The order gets a new version, so that whatever is paid through an old link is seen not to fit, and its prices stay
those that were agreed. The link goes by text to the caller who ordered, whoever asks for it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.settings import Settings
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.orders.errors import NotRenewable
from callwaiting.features.orders.listing import locked
from callwaiting.features.orders.models import Order
from callwaiting.features.orders.quoting import require_payable
from callwaiting.features.orders.texts import text_link
from callwaiting.features.orders.transitions import Move, State, after
from callwaiting.features.payments import service as payments

# A payer may be late by this much; afterwards the business decides, which may no longer want to fulfil the order.
PAYERS_GRACE = timedelta(hours=2)
PAYERS_MOST = 3  # links beyond the first, so that whoever holds an old link cannot have the caller texted for ever
BUSINESS_MOST = 20
BUSINESS_WITHIN = timedelta(days=30)


def renew(session: Session, order_id: UUID, version: int) -> None:
    """Give an order that awaits its payment, or has expired, a new link and the full time, and text it. One whose
    deposit is paid gets a link for the rest.

    Raises OrderNotFound, PreconditionFailed, NotRenewable, PaymentUnderway when its payment is being taken,
    PaymentParked when one that does not fit waits for somebody, or AmountOutOfRange when no link can ask for so little.
    """
    order = locked(session, order_id)
    require_version(order.revision, version)
    if order.version > BUSINESS_MOST or clock.now() > order.created_at + BUSINESS_WITHIN:
        raise NotRenewable("too old", message="This order is too old, or has had too many links.")
    if after(order.state, Move.ASK_REST) is not None:
        require_payable(session, order.rest)
    _renew(session, order, by="business")


def ask_for_new_link(session: Session, order_id: UUID) -> None:
    """The payer asks, on the page of a link that has expired. Raises OrderNotFound, NotRenewable, PaymentUnderway,
    PaymentParked."""
    order = locked(session, order_id)
    if not payer_may_renew(order.state, order.version, order.expires_at, order.booking_id):
        raise NotRenewable(order.state, message="This order cannot be paid online any more.")
    _renew(session, order, by="payer")


def payer_may_renew(state: str, version: int, expires_at: datetime | None, booking_id: UUID | None) -> bool:
    """Whether the page of an expired link offers a new one. What was not paid for a booking is not kept for it."""
    if booking_id is not None and state != State.AWAITING_REST:
        return False
    if after(state, Move.RENEW) is None or expires_at is None or version > PAYERS_MOST:
        return False
    return expires_at <= clock.now() <= expires_at + PAYERS_GRACE


def _renew(session: Session, order: Order, *, by: str) -> None:
    state = after(order.state, Move.RENEW) or (after(order.state, Move.ASK_REST) if by == "business" else None)
    if state is None:
        raise NotRenewable(order.state, message=f"This order is {order.state.replace('_', ' ')}.")
    if order.booking_id is not None and state is State.AWAITING_PAYMENT and not _kept(order):
        raise NotRenewable("of a booking", message="The time of this booking is free again. Please book anew.")
    payments.require_none_underway(session, order.id)
    payments.require_nothing_parked(session, order.id)
    payments.close_pages(session, order.id)
    settings: Settings = session.info["settings"]
    was = order.state
    order.version += 1
    order.rest_asked = state is State.AWAITING_REST
    expires_at = clock.now() + timedelta(hours=settings.payment_link_hours)
    if order.booking_id is not None and not order.rest_asked and order.expires_at is not None:
        expires_at = order.expires_at  # a booking's time is kept no longer than was said
    order.expires_at = expires_at
    order.move(state)
    session.flush()
    text_link(session, order, expires_at, answers_live_call=by == "payer")
    audit.record(
        session,
        "order.link_renewed",
        subject=f"order:{order.id}",
        reason=by,
        details={"number": order.number, "version": order.version, "was_expired": was == State.EXPIRED},
    )


def _kept(order: Order) -> bool:
    """Whether the time of the booking that the order is for is still kept for it."""
    return order.state == State.AWAITING_PAYMENT and order.expires_at is not None and order.expires_at > clock.now()
