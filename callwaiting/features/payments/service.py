"""What other slices may use of payments."""

from __future__ import annotations

from callwaiting.features.payments.accounts import PaymentProvider, add_account, providers_for
from callwaiting.features.payments.asking import (
    DueQuestion,
    ask_due,
    ask_now,
    came_back,
    due_questions,
    take_lapsed,
    under_way,
)
from callwaiting.features.payments.books import (
    Account,
    BookedMoney,
    Ref,
    accounts_of,
    booked,
    moved_between,
    opened_between,
    record_fee,
)
from callwaiting.features.payments.capture import request_capture
from callwaiting.features.payments.checkouts import (
    REFERENCE_PREFIX,
    end_checkout,
    require_none_underway,
)
from callwaiting.features.payments.closing import close_pages
from callwaiting.features.payments.disputes import take_dispute
from callwaiting.features.payments.figures import MoneyFigures, Taken, per_day, taken_for
from callwaiting.features.payments.links import Link, LinkOwner, create_link, link_of, owner_of_token
from callwaiting.features.payments.overview import payments_for, refunds_of
from callwaiting.features.payments.parked import is_looked_into, require_nothing_parked
from callwaiting.features.payments.refund_effects import request_refund_list
from callwaiting.features.payments.refunds import request_refund, take_refund
from callwaiting.features.payments.settlement import settle
from callwaiting.features.payments.starting import start_checkout

__all__ = [
    "REFERENCE_PREFIX",
    "Account",
    "BookedMoney",
    "DueQuestion",
    "Link",
    "LinkOwner",
    "MoneyFigures",
    "PaymentProvider",
    "Ref",
    "Taken",
    "accounts_of",
    "add_account",
    "ask_due",
    "ask_now",
    "booked",
    "came_back",
    "close_pages",
    "create_link",
    "due_questions",
    "end_checkout",
    "is_looked_into",
    "link_of",
    "moved_between",
    "opened_between",
    "owner_of_token",
    "payments_for",
    "per_day",
    "providers_for",
    "record_fee",
    "refunds_of",
    "request_capture",
    "request_refund",
    "request_refund_list",
    "require_none_underway",
    "require_nothing_parked",
    "settle",
    "start_checkout",
    "take_dispute",
    "take_lapsed",
    "take_refund",
    "taken_for",
    "under_way",
]
