from __future__ import annotations

from callwaiting.core.errors import NotFound


class ReceiptUnknown(NotFound):
    """No such token, or the order was never paid."""

    reason = "receipts.unknown"
