"""Orders as the team reads them, newest first, and the lines of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.features.merchants import service as merchants
from callwaiting.features.orders.errors import OrderNotFound
from callwaiting.features.orders.models import Order, OrderLine
from callwaiting.features.orders.totals import Line
from callwaiting.features.orders.transitions import State


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


def one(session: Session, order_id: UUID) -> Order:
    """Raises OrderNotFound."""
    order = session.scalar(select(Order).where(Order.id == order_id))
    if order is None:
        raise OrderNotFound(str(order_id))
    return order


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
        )
        for row in rows
    )
