"""Orders, as other slices may use them: quoted, placed, paid, expired, cancelled."""

from __future__ import annotations

from callwaiting.features.orders.closing import DueOrder, cancel, due_orders, expire
from callwaiting.features.orders.codes import Code
from callwaiting.features.orders.codes import good as good_code
from callwaiting.features.orders.figures import per_day
from callwaiting.features.orders.for_bookings import end_of_booking, lock_of_bookings, place_for_booking
from callwaiting.features.orders.listing import OrderSummary, checkout_lines, lines_of, order_of_call, state_of, summary
from callwaiting.features.orders.placing import PlacedOrder, place_order
from callwaiting.features.orders.quoting import MAX_LINES, MAX_QUANTITY, quote
from callwaiting.features.orders.settling import on_payment_parked, on_payment_settled
from callwaiting.features.orders.totals import Chosen, Discount, Line, LineRequest, Quote, titled

__all__ = [
    "MAX_LINES",
    "MAX_QUANTITY",
    "Chosen",
    "Code",
    "Discount",
    "DueOrder",
    "Line",
    "LineRequest",
    "OrderSummary",
    "PlacedOrder",
    "Quote",
    "cancel",
    "checkout_lines",
    "due_orders",
    "end_of_booking",
    "expire",
    "good_code",
    "lines_of",
    "lock_of_bookings",
    "on_payment_parked",
    "on_payment_settled",
    "order_of_call",
    "per_day",
    "place_for_booking",
    "place_order",
    "quote",
    "state_of",
    "summary",
    "titled",
]
