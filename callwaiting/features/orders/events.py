from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """An order has been paid in full, once. `amount` came last, after the deposit; without one it is the total.
    `payment_id` is None when it came on the spot."""

    order_id: UUID
    number: int
    payment_id: UUID | None
    amount: Money
    total: Money
    caller_id: UUID
    phone_number_id: UUID
    booking_id: UUID | None


@dataclass(frozen=True, slots=True)
class OrderDepositPaid:
    """The deposit of an order has been paid, once; `rest` is due later."""

    order_id: UUID
    number: int
    payment_id: UUID
    deposit: Money
    rest: Money
    total: Money
    caller_id: UUID
    phone_number_id: UUID
    booking_id: UUID | None


@dataclass(frozen=True, slots=True)
class OrderExpired:
    """Nobody has paid an order, or its deposit, in time. The order's row is locked by the publisher."""

    order_id: UUID
    booking_id: UUID | None
