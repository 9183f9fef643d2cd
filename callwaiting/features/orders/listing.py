"""Orders as the team reads them, newest first, and the lines of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Tax
from callwaiting.features.orders.errors import OrderNotFound
from callwaiting.features.orders.models import Order, OrderLine
from callwaiting.features.orders.totals import Chosen, Line, Quote
from callwaiting.features.orders.transitions import State
from callwaiting.providers.checkout_lines import CheckoutLine


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order as it was placed: for the payment page, the texts and the receipt."""

    id: UUID
    number: int
    version: int
    state: str
    business: str
    quote: Quote
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None
    deposit_paid_at: datetime | None = None
    rest_asked: bool = False
    paid_elsewhere: Money | None = None
    booking_id: UUID | None = None

    @property
    def total(self) -> Money:
        return self.quote.total

    @property
    def due(self) -> Money:
        """What the link of the present version asks for."""
        return self.quote.due_later if self.rest_asked else self.quote.due_now

    @property
    def still_due(self) -> Money:
        """What of an order that is on is not paid yet."""
        if self.paid_at is not None or self.state not in {State.DEPOSIT_PAID, State.AWAITING_REST}:
            return Money(0, self.quote.currency)
        return self.quote.due_later


def newest(
    session: Session,
    *,
    state: State | None,
    day: date | None,
    caller_id: UUID | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Order]:
    """Orders by their ids, which rise with time, newest first; those older than `before`. `day` is that of their
    placing, by the merchant's own clock."""
    query = select(Order).order_by(Order.id.desc()).limit(limit)
    if state is not None:
        query = query.where(Order.state == state)
    if day is not None:
        query = query.where(merchants.days(session, day, day).contain(Order.created_at))
    if caller_id is not None:
        query = query.where(Order.caller_id == caller_id)
    if before is not None:
        query = query.where(Order.id < before)
    return session.scalars(query).all()


def summary(session: Session, order_id: UUID) -> OrderSummary:
    """The order with its lines, names and prices as they were placed. Raises OrderNotFound."""
    order = session.get(Order, (merchant_of(session), order_id))
    if order is None:
        raise OrderNotFound(str(order_id))
    return OrderSummary(
        id=order.id,
        number=order.number,
        version=order.version,
        state=order.state,
        business=merchants.profile(session).name,
        quote=quote_of(session, order),
        created_at=order.created_at,
        expires_at=order.expires_at,
        paid_at=order.paid_at,
        deposit_paid_at=order.deposit_paid_at,
        rest_asked=order.rest_asked,
        booking_id=order.booking_id,
        paid_elsewhere=Money(order.paid_elsewhere_minor, order.currency) if order.paid_elsewhere_minor else None,
    )


def order_of_call(session: Session, call_id: UUID) -> UUID | None:
    """The order that was placed in this call."""
    return session.scalar(select(Order.id).where(Order.call_id == call_id))


def state_of(session: Session, *, caller_id: UUID, number: int) -> str | None:
    """How the caller's own order of this number stands; None when the caller has none."""
    return session.scalar(select(Order.state).where(Order.caller_id == caller_id, Order.number == number))


def locked(session: Session, order_id: UUID) -> Order:
    """The order, locked until the transaction ends. Raises OrderNotFound."""
    order = session.scalar(
        select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    )
    if order is None:
        raise OrderNotFound(str(order_id))
    return order


def one(session: Session, order_id: UUID) -> Order:
    """Raises OrderNotFound."""
    order = session.scalar(select(Order).where(Order.id == order_id))
    if order is None:
        raise OrderNotFound(str(order_id))
    return order


def checkout_lines(session: Session, order_id: UUID) -> tuple[CheckoutLine, ...]:
    """The order's lines as the payer's page shows them: what they cost in all is the order's total. Of a deposit or a
    rest there is one line, and no tax: that belongs to the whole."""
    order = one(session, order_id)
    if order.deposit_minor:
        part = "Rest" if order.rest_asked else "Deposit"
        return (CheckoutLine(f"{part} of order {order.number}", order.due, Money(0, order.currency)),)
    return tuple(
        CheckoutLine(
            f"{line.quantity} × {line.title}",
            Money(line.net_minor, order.currency),
            Money(line.tax_minor, order.currency),
        )
        for line in lines_of(session, order)
    )


def quote_of(session: Session, order: Order) -> Quote:
    """What the order costs, as it was placed or has become by a discount."""
    return Quote(lines_of(session, order), order.currency, order.deposit_minor)


def lines_of(session: Session, order: Order) -> tuple[Line, ...]:
    """The order's lines, with names and prices as they were placed."""
    rows = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.position))
    return tuple(
        Line(
            item_id=row.item_id,
            name=row.name,
            quantity=row.quantity,
            unit_price=Money(row.unit_price_minor, order.currency),
            net_minor=row.net_minor,
            tax_minor=row.tax_minor,
            options=tuple(
                Chosen(UUID(kept["id"]), kept["group"], kept["name"], Money(kept["delta_minor"], order.currency))
                for kept in row.options
            ),
            removed=tuple(row.removed),
            tax=Tax(row.tax_name, row.tax_basis_points, row.tax_inclusive),
            discount_minor=row.discount_minor,
        )
        for row in rows
    )
