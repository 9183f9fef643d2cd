"""A discount on an order that waits for its payment: a new version of it, with a new total and a new link."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.orders import codes
from callwaiting.features.orders.deposits import Terms
from callwaiting.features.orders.errors import NotDiscountable
from callwaiting.features.orders.listing import lines_of, locked
from callwaiting.features.orders.models import Order, OrderLine
from callwaiting.features.orders.quoting import require_payable, with_deposit
from callwaiting.features.orders.texts import text_link
from callwaiting.features.orders.totals import NO_DISCOUNT, Basket, Discount, Quote, total_up
from callwaiting.features.orders.transitions import State
from callwaiting.features.payments import service as payments


def discount(session: Session, order_id: UUID, version: int, by: str | Discount, *, reason: str) -> Quote:
    """Take a discount, given by the team or by a code, off an order's lines as they were placed. It replaces an earlier
    one. The earlier link stops working, open pages of Stripe are closed, and the caller gets a text with the new total.
    A deposit stays due first, by the terms of the order.

    Raises OrderNotFound, PreconditionFailed, NotDiscountable, PaymentUnderway, PaymentParked, CodeUnusable,
    CodeNeedsMore, AmountOutOfRange, CurrencyNotTaken.
    """
    order = locked(session, order_id)
    require_version(order.revision, version)
    if order.state != State.AWAITING_PAYMENT or order.expires_at is None:
        raise NotDiscountable(order.state, message=f"This order is {order.state.replace('_', ' ')}.")
    if order.expires_at <= clock.now():  # a new link would be over already
        raise NotDiscountable("expired", message="This order has expired. Give it a new link first.")
    payments.require_none_underway(session, order.id)
    payments.require_nothing_parked(session, order.id)
    code = codes.good(session, by, locked=True) if isinstance(by, str) else None
    terms = by if isinstance(by, Discount) else code.discount if code else NO_DISCOUNT
    found = _repriced(session, order, terms)
    if code:
        codes.use(session, code, found.undiscounted)
    require_payable(session, found.total)
    found = with_deposit(session, found, Terms(order.deposit_basis_points, order.deposit_fixed_minor))
    order.discount_code = code.code if code else ""
    _write(session, order, found, terms)
    payments.close_pages(session, order.id)
    text_link(session, order, order.expires_at)
    audit.record(
        session,
        "order.discounted",
        subject=f"order:{order.id}",
        reason=reason,
        details={
            "number": order.number,
            "code": order.discount_code,
            "discount_minor": order.discount_minor,
            "total_minor": order.total_minor,
        },
    )
    return found


def _repriced(session: Session, order: Order, terms: Discount) -> Quote:
    """The order's lines at their own prices and taxes, with this discount: the present menu does not come into it."""
    baskets = [
        Basket(
            item_id=line.item_id,
            name=line.name,
            quantity=line.quantity,
            unit_price=line.unit_price,
            tax=line.tax,
            options=line.options,
            removed=line.removed,
        )
        for line in lines_of(session, order)
    ]
    return total_up(baskets, order.currency, terms)


def _write(session: Session, order: Order, found: Quote, terms: Discount) -> None:
    rows = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position)).all()
    for row, line in zip(rows, found.lines, strict=True):
        row.net_minor, row.tax_minor, row.discount_minor = line.net_minor, line.tax_minor, line.discount_minor
    order.discount_basis_points, order.discount_fixed_minor = terms.basis_points, terms.fixed_minor
    order.discount_minor, order.deposit_minor = found.discount.minor, found.deposit_minor
    order.subtotal_minor, order.tax_minor, order.total_minor = found.subtotal.minor, found.tax.minor, found.total.minor
    order.version, order.revision = order.version + 1, order.revision + 1
    session.flush()
