"""What other slices may use of payments."""

from __future__ import annotations

from callwaiting.features.payments.accounts import PaymentProvider, add_account, providers_of
from callwaiting.features.payments.capture import request_capture
from callwaiting.features.payments.checkouts import end_checkout, require_none_underway, start_checkout
from callwaiting.features.payments.closing import close_pages
from callwaiting.features.payments.disputes import take_dispute
from callwaiting.features.payments.figures import MoneyFigures, per_day
from callwaiting.features.payments.links import Link, LinkOwner, create_link, link_of, owner_of_token
from callwaiting.features.payments.overview import payments_for, refunds_of
from callwaiting.features.payments.refund_effects import request_refund_list
from callwaiting.features.payments.refunds import take_refund
from callwaiting.features.payments.settlement import settle

__all__ = [
    "Link",
    "LinkOwner",
    "MoneyFigures",
    "PaymentProvider",
    "add_account",
    "close_pages",
    "create_link",
    "end_checkout",
    "link_of",
    "owner_of_token",
    "payments_for",
    "per_day",
    "providers_of",
    "refunds_of",
    "request_capture",
    "request_refund_list",
    "require_none_underway",
    "settle",
    "start_checkout",
    "take_dispute",
    "take_refund",
]
