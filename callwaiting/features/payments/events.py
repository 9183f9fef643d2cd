from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money


@dataclass(frozen=True, slots=True)
class PaymentSettled:
    """What the link of an order asked for has been paid, once: all of it, its deposit or its rest. The order's row is
    locked by the publisher."""

    order_id: UUID
    payment_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentParked:
    """Money has come for an order that does not fit it. The order's row is locked by the publisher."""

    order_id: UUID
    payment_id: UUID
    amount: Money


@dataclass(frozen=True, slots=True)
class PaymentRefunded:
    """A refund of an order's payment has succeeded, or has failed after all. `amount` is the refund's, `refunded` all
    that has been given back of the payment; `paid_for_order` is false for money that the order never counted on: a
    second payment, or one that did not fit."""

    order_id: UUID
    refund_id: UUID
    amount: Money
    succeeded: bool
    refunded: Money
    paid_for_order: bool
