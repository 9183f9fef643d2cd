"""What PayPal has booked of one order: its captures and refunds, with their fees
(developer.paypal.com/docs/api/orders/v2/#orders_get, payments.captures and payments.refunds).

PayPal's Transaction Search would list a period, but hours late and only for accounts with a permission of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from callwaiting.core.money import Money
from callwaiting.providers.lists import MoneyEntry
from callwaiting.providers.paypal_money import from_paypal
from callwaiting.providers.paypal_refunds import FINAL, capture_of

Json = Mapping[str, object]
# A capture that was taken, whatever was given back of it since.
TAKEN = frozenset({"COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED"})


def of_order(order: Json) -> Sequence[MoneyEntry]:
    """Captures before refunds. Raises PayloadInvalid for an amount in an unknown form."""
    units = order.get("purchase_units")
    payments = [_mapping(_mapping(unit).get("payments")) for unit in (units if isinstance(units, list) else [])]
    order_id = _text(order, "id")
    captures = [of_capture(capture, order_id) for found in payments for capture in _list(found, "captures")]
    single = captures[0].payment_id if len(captures) == 1 else ""
    refunds = [_refund(refund, order_id, single) for found in payments for refund in _list(found, "refunds")]
    return [*captures, *refunds]


def of_capture(capture: Json, order_id: str) -> MoneyEntry:
    capture_id = _text(capture, "id")
    return MoneyEntry(
        subject="payment",
        object_id=capture_id,
        payment_id=capture_id,
        amount=from_paypal(capture.get("amount")),
        done=_text(capture, "status") in TAKEN,
        entry_id=capture_id,
        checkout_id=order_id,
        reference=_text(capture, "custom_id"),
        fee=_fee(capture, "seller_receivable_breakdown", 1),
    )


def _refund(refund: Json, order_id: str, capture_id: str) -> MoneyEntry:
    """What PayPal gives back of its own fee comes to the merchant's account."""
    refund_id = _text(refund, "id")
    return MoneyEntry(
        subject="refund",
        object_id=refund_id,
        payment_id=capture_of(refund) or capture_id,
        amount=from_paypal(refund.get("amount")),
        done=FINAL.get(_text(refund, "status")) == "succeeded",
        entry_id=refund_id,
        checkout_id=order_id,
        reference=_text(refund, "custom_id"),
        fee=_fee(refund, "seller_payable_breakdown", -1),
    )


def _fee(resource: Json, breakdown: str, sign: int) -> Money | None:
    fee = _mapping(resource.get(breakdown)).get("paypal_fee")
    if fee is None:
        return None
    amount = from_paypal(fee)
    return Money(sign * amount.minor, amount.currency) if amount.minor else None


def _list(fields: Json, name: str) -> Iterator[Json]:
    value = fields.get(name)
    yield from (_mapping(item) for item in (value if isinstance(value, list) else []))


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(fields: Json, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""
