"""`/api/v1/orders`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page
from callwaiting.features.callers import shown
from callwaiting.features.messages import service as messages
from callwaiting.features.orders import discounting, listing, renewal, rest, service
from callwaiting.features.orders.discount_routes import require_currency
from callwaiting.features.orders.discount_schemas import DiscountBody
from callwaiting.features.orders.schemas import (
    LineFace,
    LinkTextFace,
    OrderDetail,
    OrderFace,
    OrderQuery,
    PaidFace,
    TaxSumFace,
    UnderwayFace,
)
from callwaiting.features.orders.texts import LINK_TEXTS
from callwaiting.features.payments import service as payments

api = Api("orders")
ORDER = "/orders/<uuid:order_id>"


@api.get("/orders", requires="orders.read", query=OrderQuery, answers=Page[OrderFace])
def newest(session: Session, query: OrderQuery) -> Page[OrderFace]:
    """The business's orders, newest first."""
    rows = listing.newest(
        session,
        state=query.state,
        day=query.day,
        caller_id=query.caller_id,
        before=query.position(UUID),
        limit=query.limit + 1,
    )
    return Page[OrderFace].of(shown.faces(session, OrderFace, rows), query, key=lambda order: order.id)


@api.get(ORDER, requires="orders.read", answers=OrderDetail)
def one(session: Session, order_id: UUID) -> OrderDetail:
    """One order, with its lines and what was paid for it."""
    return _detail(session, order_id)


@api.post(
    f"{ORDER}/cancel",
    requires="orders.write",
    answers=OrderDetail,
    idempotent=False,
    if_match=True,
    refuses=[ErrorCode.CONFLICT],
)
def cancel(session: Session, order_id: UUID, version: int) -> OrderDetail:
    """Cancel an order that is not paid.

    Its payment link stops taking money, and the caller gets a text. 409 when it is paid, expired or cancelled, or when
    its payment is just being taken.
    """
    service.cancel(session, order_id, version)
    return _detail(session, order_id)


@api.post(
    f"{ORDER}/discount",
    requires="orders.write",
    body=DiscountBody,
    answers=OrderDetail,
    idempotent=False,
    if_match=True,
    refuses=[ErrorCode.CONFLICT],
)
def discount(session: Session, order_id: UUID, body: DiscountBody, version: int) -> OrderDetail:
    """Take a discount off an order that waits for its payment, in place of an earlier one.

    The caller gets a text with the new total and a new link; the earlier link stops working. 409 when the order is not
    payable any more, its payment is just being taken or parked, or the code is not good.
    """
    order = listing.one(session, order_id)
    require_currency(body.amount, order.currency)
    discounting.discount(session, order_id, version, body.by(), reason=body.reason)
    return _detail(session, order_id)


@api.post(
    f"{ORDER}/link",
    requires="orders.write",
    answers=OrderDetail,
    idempotent=False,
    if_match=True,
    refuses=[ErrorCode.CONFLICT],
)
def renew_link(session: Session, order_id: UUID, version: int) -> OrderDetail:
    """Give an order that is not paid, or has expired, a new payment link, and text it to the caller.

    Its prices stay, its time begins anew, and earlier links take no money any more. When its deposit is paid, the link
    asks for the rest. 409 when it is paid or cancelled, when its payment is just being taken or parked, and after
    30 days or 20 links.
    """
    renewal.renew(session, order_id, version)
    return _detail(session, order_id)


@api.post(
    f"{ORDER}/paid-on-the-spot",
    requires="orders.write",
    answers=OrderDetail,
    idempotent=False,
    if_match=True,
    refuses=[ErrorCode.CONFLICT],
)
def paid_on_the_spot(session: Session, order_id: UUID, version: int) -> OrderDetail:
    """The caller has paid the rest of an order on the spot, through no provider.

    The order is paid in full then; a link for the rest takes no money any more. 409 unless its deposit is paid and its
    rest is not, and when the rest is just being taken by link.
    """
    rest.settle_here(session, order_id, version)
    return _detail(session, order_id)


@api.post(
    f"{ORDER}/payment-check",
    requires="orders.write",
    answers=OrderDetail,
    status=202,
    idempotent=False,
    refuses=[ErrorCode.CONFLICT],
)
def check_payment(session: Session, order_id: UUID) -> OrderDetail:
    """Ask PayPal now what has become of a payment of an order.

    Within moments the money is taken or the order is payable again, by what PayPal says; while it does not answer,
    nothing changes. 409 when no payment is under way at PayPal.
    """
    listing.one(session, order_id)
    payments.ask_now(session, order_id)
    return _detail(session, order_id)


def _detail(session: Session, order_id: UUID) -> OrderDetail:
    order = listing.one(session, order_id)
    quote = listing.quote_of(session, order)
    link = messages.fate_of(session, order_id, *LINK_TEXTS)
    waiting = payments.under_way(session, order_id) if order.paid_at is None else None
    return OrderDetail(
        link_text=LinkTextFace.model_validate(link) if link else None,
        **shown.faces(session, OrderFace, [order])[0].model_dump(),
        discount_code=order.discount_code,
        lines=[LineFace.of(line) for line in quote.lines],
        taxes=[TaxSumFace.of(found) for found in quote.taxes],
        payments=[PaidFace.model_validate(paid) for paid in payments.payments_for(session, order_id)],
        payment_under_way=UnderwayFace.model_validate(waiting) if waiting else None,
        version=order.revision,
    )
