from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """An order has been paid in full, once."""

    order_id: UUID
    number: int
    payment_id: UUID
    total: Money
    caller_id: UUID
    phone_number_id: UUID
