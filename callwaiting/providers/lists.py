"""What a provider lists of its own accord, in plain types: the ports' words for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from callwaiting.core.money import Money


@dataclass(frozen=True, slots=True)
class ListedCall:
    """A call as Twilio lists it. `caller` and `called` as the carrier gave them; `ended_at` of one that is over."""

    sid: str
    caller: str
    called: str
    direction: str
    status: str
    started_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedRecording:
    """A recording of a call. `source` is Twilio's word for what has made it, as `RecordVerb`."""

    sid: str
    source: str


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A text as Twilio lists it. `direction` is `inbound`, `outbound-api` (sent by a program) or `outbound-reply`
    (the answer to a request)."""

    sid: str
    sender: str
    recipient: str
    direction: str
    status: str
    body: str
    error_code: str = ""
    media: int = 0


@dataclass(frozen=True, slots=True)
class MoneyEntry:
    """One movement of money as its provider's books have it: a `payment`, a `refund`, or what a `dispute` took.

    `payment_id` is that of the settlement, `checkout_id` that of the page, where the provider tells it. `amount` is
    positive and in the payment's currency; the `fee` is in that of the merchant's balance, and negative when it was
    given back. `entry_id` names the line of the books. `done`: the money has really moved.
    """

    subject: Literal["payment", "refund", "dispute"]
    object_id: str
    payment_id: str
    amount: Money
    done: bool
    entry_id: str
    checkout_id: str = ""
    reference: str = ""
    fee: Money | None = None
