"""What can stop an order from being placed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from callwaiting.core.errors import CallwaitingError, Conflict, ErrorCode, NotFound

if TYPE_CHECKING:
    from callwaiting.features.orders.totals import LineRequest, Quote


class LinesInvalid(CallwaitingError):
    """No lines, too many, or a quantity outside 1 to 99."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "orders.lines_invalid"


class ItemsUnavailable(Conflict):
    """Some items are not sold now. `item_ids` names them."""

    reason = "orders.items_unavailable"

    def __init__(self, item_ids: Sequence[UUID]) -> None:
        super().__init__(", ".join(str(item_id) for item_id in item_ids))
        self.item_ids = tuple(item_ids)


class ChoicesInvalid(Conflict):
    """Some lines lack a choice that their item needs, or have one that it does not take. `lines` are these."""

    reason = "orders.choices_invalid"

    def __init__(self, lines: Sequence[LineRequest]) -> None:
        super().__init__(", ".join(str(line.item_id) for line in lines))
        self.lines = tuple(lines)


class AmountOutOfRange(CallwaitingError):
    """The total is below or above what can be paid by link."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "orders.amount_out_of_range"


class TotalChanged(Conflict):
    """The caller agreed to another total than the present one. `quote` is the present one."""

    reason = "orders.total_changed"

    def __init__(self, quote: Quote) -> None:
        super().__init__()
        self.quote = quote


class OrderNotFound(NotFound):
    reason = "orders.not_found"


class NotDiscountable(Conflict):
    """The order does not wait for its payment any more. `detail` is its state."""

    reason = "orders.not_discountable"


class CodeUnusable(Conflict):
    """There is no such code, or it is over: switched off, past its end, or used up."""

    reason = "orders.code_unusable"


class CodeNeedsMore(Conflict):
    """The code is good, but for larger orders. `detail` is the least amount before the discount."""

    reason = "orders.code_needs_more"


class CodeTaken(Conflict):
    """Another discount of the merchant has this code."""

    reason = "orders.code_taken"


class CodeNotFound(NotFound):
    reason = "orders.code_not_found"


class NotRenewable(Conflict):
    """The order is paid, cancelled or too old for a new link."""

    reason = "orders.not_renewable"


class NoRestDue(Conflict):
    """The order has no rest to be paid: it has no deposit, or that is not paid, or all of it is."""

    reason = "orders.no_rest_due"


class NotCancellable(Conflict):
    """The order is paid, expired or cancelled already. `detail` is its state."""

    reason = "orders.not_cancellable"
