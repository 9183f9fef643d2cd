"""Orders on their way out, each with its lines in one cell."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.core.exports import Export, Exported, within
from callwaiting.features.callers import service as callers
from callwaiting.features.orders.models import Order, OrderLine

COLUMNS = (
    "id", "number", "created_at", "state", "caller", "lines", "currency", "subtotal", "tax", "total", "deposit",
    "deposit_paid_at", "paid_at",
)  # fmt: skip


def _page(session: Session, days: Days, after: UUID | None, limit: int) -> list[Exported]:
    rows = session.scalars(within(select(Order), Order.id, Order.created_at, days, after, limit)).all()
    numbers = callers.numbers_of(session, {row.caller_id for row in rows})
    lines: defaultdict[UUID, list[str]] = defaultdict(list)
    of_these = select(OrderLine).where(OrderLine.order_id.in_([row.id for row in rows]))
    for line in session.scalars(of_these.order_by(OrderLine.order_id, OrderLine.position)):
        lines[line.order_id].append(f"{line.quantity} x {line.name}")
    return [
        Exported(
            row.id,
            {
                "id": row.id,
                "number": row.number,
                "created_at": row.created_at,
                "state": row.state,
                "caller": numbers.get(row.caller_id),
                "lines": "; ".join(lines[row.id]),
                "currency": row.currency,
                "subtotal": row.subtotal.decimal(),
                "tax": row.tax.decimal(),
                "total": row.total.decimal(),
                "deposit": row.deposit.decimal(),
                "deposit_paid_at": row.deposit_paid_at,
                "paid_at": row.paid_at,
            },
        )
        for row in rows
    ]


EXPORT = Export(COLUMNS, _page)
