"""What an order still owes. Orders stand above payments and are not imported; their row is what links and payments
refer to, and its lock keeps two payments, an expiry and a cancellation apart."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Integer, Text, Uuid, column, select, table
from sqlalchemy.orm import Session

from callwaiting.core.money import Money

_ORDERS = table(
    "orders",
    column("id", Uuid()),
    column("state", Text()),
    column("version", Integer()),
    column("total_minor", Integer()),
    column("currency", Text()),
    schema="app",
)
AWAITING = "awaiting_payment"


@dataclass(frozen=True, slots=True)
class Owed:
    """The state, version and total of an order, locked until the transaction ends."""

    state: str
    version: int
    total: Money


def owed(session: Session, order_id: UUID) -> Owed:
    row = session.execute(select(_ORDERS).where(_ORDERS.c.id == order_id).with_for_update()).one()
    return Owed(row.state, row.version, Money(row.total_minor, row.currency))
