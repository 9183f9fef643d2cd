from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money


@dataclass(frozen=True, slots=True)
class PaymentSettled:
    """An order that was awaiting payment has been paid in full, once. The order's row is locked by the publisher."""

    order_id: UUID
    payment_id: UUID
    amount: Money
