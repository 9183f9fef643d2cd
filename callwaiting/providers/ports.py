"""What the app asks of a provider, in plain types. No vendor type crosses this file.

Verification is pure: the same (request, secrets, clock) always gives the same verdict. Calls to a provider are made
outside any database transaction and raise one of three errors, which decide what a worker does next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from callwaiting.core.errors import CallwaitingError, ErrorCode, Permanent, Transient
from callwaiting.core.money import Money
from callwaiting.providers.calling import OutgoingCall, PlacedCall
from callwaiting.providers.checkout_lines import CheckoutLine
from callwaiting.providers.lists import ListedCall, ListedMessage, ListedRecording, MoneyEntry

ProviderName = Literal["stripe", "twilio", "paypal"]
Mode = Literal["live", "test"]

# Account of a Stripe source that stands for a Connect endpoint: every connected account, never the platform's own.
ANY_CONNECTED_ACCOUNT = "*"


# --- verification -------------------------------------------------------------------------------------------------


class SignedRequest(NamedTuple):
    """One request as it came over the wire. `url` is the public URL with its query, built from configuration, never
    from the Host header. Header names are lower-case."""

    method: str
    url: str
    headers: Mapping[str, str]
    raw: bytes


@dataclass(frozen=True, slots=True)
class SourceSecrets:
    """What a source was registered with. `secrets` holds one or two live secrets: Stripe's `whsec_…`, Twilio's auth
    token; PayPal has none and is known by `webhook_id`. `account` is the Stripe Connect account (empty: the
    platform's own; `*`: a Connect endpoint, any connected account), Twilio's AccountSid, or empty for PayPal."""

    mode: Mode
    account: str = ""
    secrets: Sequence[str] = ()
    webhook_id: str = ""


class VerifiedEvent(NamedTuple):
    """A request whose signature holds.

    `dedupe_key` is unique within the source for ever; `object_key` names the thing whose events must not run side by
    side; `our_number` (E.164) and `account` lead to the merchant; `seq` is Twilio's SequenceNumber.
    """

    provider: ProviderName
    dedupe_key: str
    provider_event_id: str
    event_type: str
    object_key: str
    occurred_at: datetime | None = None
    seq: int | None = None
    account: str = ""
    our_number: str = ""


class VerificationFailed(CallwaitingError):
    """The request is refused. `detail` names what did not match, without any secret."""

    code = ErrorCode.WEBHOOK_SIGNATURE_INVALID
    reason = "webhooks.signature_invalid"


class TimestampExpired(VerificationFailed):
    code = ErrorCode.WEBHOOK_TIMESTAMP_EXPIRED
    reason = "webhooks.timestamp_expired"


class PayloadInvalid(VerificationFailed):
    """Rightly signed, yet not an event of this source: other account, other mode, not JSON."""

    code = ErrorCode.WEBHOOK_PAYLOAD_INVALID
    reason = "webhooks.payload_invalid"


# --- calls to a provider ------------------------------------------------------------------------------------------


class ProviderUnavailable(Transient):
    """Nothing happened at the provider, or the call carries an idempotency key: try again."""

    reason = "providers.unavailable"
    code = ErrorCode.SERVICE_UNAVAILABLE


class ProviderOutcomeUnknown(Transient):
    """The request may have taken effect and cannot be repeated blindly: look it up first."""

    reason = "providers.outcome_unknown"
    code = ErrorCode.BAD_GATEWAY


class ProviderRejected(Permanent):
    """The provider refuses this request for good. `provider_code` is its own code, such as Twilio's 21610."""

    reason = "providers.rejected"
    code = ErrorCode.BAD_GATEWAY

    def __init__(self, detail: str, *, provider_code: str = "") -> None:
        super().__init__(detail)
        self.provider_code = provider_code


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """An SMS. `sender` and `recipient` are E.164; `status_callback` is the public URL of the Twilio source."""

    sender: str
    recipient: str
    body: str
    status_callback: str


@dataclass(frozen=True, slots=True)
class SentMessage:
    provider_id: str
    status: str
    body: str = ""
    sent_at: datetime | None = None


class Telephony(Protocol):
    """Twilio, or whatever speaks for it. Keypad and speech turns are answered as TwiML, not through this port."""

    def send_message(self, message: OutgoingMessage) -> SentMessage:
        """Send once. Twilio has no idempotency key for messages, so an unclear end raises ProviderOutcomeUnknown."""

    def find_message(self, message: OutgoingMessage, since: datetime) -> SentMessage | None:
        """The message with the same sender, recipient and body that was sent at or after `since`, if any."""

    def place_call(self, call: OutgoingCall) -> PlacedCall:
        """Ring once, for less than a minute. Twilio has no idempotency key for calls either, so an unclear end raises
        ProviderOutcomeUnknown."""

    def find_call(self, call: OutgoingCall, since: datetime) -> PlacedCall | None:
        """The call from and to the same numbers that we made at or after `since`, if any."""

    def call(self, sid: str) -> ListedCall | None:
        """One call by its id; None when the provider has none."""

    def list_calls(self, since: datetime, until: datetime) -> Sequence[ListedCall]:
        """All calls that began in the window, oldest first; pages are followed to their end."""

    def recordings(self, call_sid: str) -> Sequence[ListedRecording]:
        """The recordings of one call that are done, oldest first."""

    def recording(self, sid: str) -> Iterable[bytes] | None:
        """A recording as WAV, in parts as they come; None when there is none (yet). Its reader closes it by reading to
        the end, or by `close`."""

    def remove_recording(self, sid: str) -> None:
        """Remove it for good. One that is not there is removed."""

    def list_messages(self, since: datetime, until: datetime) -> Sequence[ListedMessage]:
        """All texts of the window, in and out, oldest first; pages are followed to their end. One that was never sent
        is in no window: ask for it by its id."""

    def message(self, sid: str) -> ListedMessage | None:
        """One text by its id; None when the provider has none."""

    def ping(self) -> None:
        """Raise ProviderUnavailable when the API cannot be reached."""


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """One attempt to pay one version of one order. `idempotency_key` is made from our own ids. `lines` add up to
    the amount; without any, the description is the one line."""

    idempotency_key: str
    account: str
    reference: str
    description: str
    amount: Money
    return_url: str
    cancel_url: str
    expires_at: datetime
    metadata: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[CheckoutLine] = ()


@dataclass(frozen=True, slots=True)
class Checkout:
    """Where the payer goes. `provider_id` is the Checkout Session's or PayPal order's id."""

    provider_id: str
    url: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a provider says it took. `settled` is false while the money is still on its way, and `denied` when it will
    never come."""

    provider_id: str
    payment_id: str
    account: str
    mode: Mode
    amount: Money
    settled: bool
    reference: str = ""
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order at PayPal stands: it waits for its payer (`open`), its money can be taken (`approved`) or was to be
    (`captured`, and what became of that), or it can be paid no more (`gone`)."""

    state: Literal["open", "approved", "captured", "gone"]
    settlement: Settlement | None = None


RefundState = Literal["pending", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money to be given back out of one payment. `reference` comes back in whatever the provider tells of it."""

    idempotency_key: str
    payment_id: str
    account: str
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as its provider tells of it, whoever asked for it. `payment_id` is that of the settlement; `failure`
    is the provider's word for why it failed."""

    provider_id: str
    payment_id: str
    amount: Money
    state: RefundState
    reference: str = ""
    failure: str = ""


DisputeState = Literal["inquiry", "open", "won", "lost"]


@dataclass(frozen=True, slots=True)
class Dispute:
    """A payer's dispute as the provider tells of it. Only while it is `open` or `lost` is its money withdrawn; `won`
    is whatever left it with the merchant. `payment_id` is that of the settlement; `respond_by` is the provider's
    deadline for evidence."""

    provider_id: str
    payment_id: str
    amount: Money
    state: DisputeState
    reason: str = ""
    respond_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class ListedEvent:
    """An event as the provider lists it, for reconciliation: the same bytes a webhook would have carried."""

    event: VerifiedEvent
    raw: bytes


class Payments(Protocol):
    """Stripe and PayPal alike."""

    def create_checkout(self, request: CheckoutRequest) -> Checkout: ...

    def capture(self, checkout_id: str, *, account: str, idempotency_key: str) -> Settlement:
        """Take the money of an approved PayPal order. Stripe captures by itself and raises ProviderRejected."""

    def standing(self, checkout_id: str, *, account: str) -> Standing:
        """What has become of a PayPal order. Stripe tells by itself and raises ProviderRejected."""

    def expire_checkout(self, checkout_id: str, *, account: str) -> None:
        """Close a page, so that nobody can pay on it any more. PayPal cannot and raises ProviderRejected, as Stripe
        does for a page that is paid or closed."""

    def refund(self, request: RefundRequest) -> Refund:
        """Give money back. The provider may need days for it: then the refund is `pending`."""

    def refund_of(self, raw: bytes) -> Refund | None:
        """Read the refund out of a verified event body; None when this event is not about one refund."""

    def dispute_of(self, raw: bytes) -> Dispute | None:
        """Read the dispute out of a verified event body; None when this event is not about one."""

    def refunds_of(self, payment_id: str, *, account: str) -> Sequence[Refund]:
        """Every refund of a payment. PayPal has no such list and raises ProviderRejected."""

    def settlement_of(self, raw: bytes) -> Settlement | None:
        """Read the settlement out of a verified event body; None when this event settles nothing."""

    def list_events(self, *, account: str, since: datetime, until: datetime) -> Sequence[ListedEvent]:
        """All events of the window, oldest first; pages are followed to their end."""

    def list_money(self, *, account: str, since: datetime, until: datetime) -> Sequence[MoneyEntry] | None:
        """All movements of the window; None from a provider without such a list: ask it for each payment."""

    def money_of(self, *, payment_id: str, checkout_id: str, account: str) -> Sequence[MoneyEntry]:
        """Every movement of one payment, or of one checkout whose payment is not known; empty when there is none."""

    def ping(self) -> None: ...


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """An entry for the recipient's calendar (RFC 6047): `method` is that of the entry itself."""

    method: str
    content: str


@dataclass(frozen=True, slots=True)
class MailMessage:
    """A mail in plain text. `message_id` is made from our own id: a copy that is sent twice shows as one."""

    message_id: str
    recipient: str
    subject: str
    text: str
    calendar: CalendarPart | None = None


@dataclass(frozen=True, slots=True)
class LanguageQuestion:
    """`said` is what a caller said, without personal data; `choices` are what it can mean, in words, by their ids."""

    asked: str
    said: str
    choices: Mapping[str, str]


class Language(Protocol):
    """A language model, which may choose and nothing else."""

    def choose(self, question: LanguageQuestion) -> str | None:
        """The id of the choice that is meant; None when none is, or when no good answer came in time. Never raises."""


class Period(NamedTuple):
    """From `start` up to `end`, both in UTC."""

    start: datetime
    end: datetime


class CalendarUnavailable(Transient):
    """The calendar cannot be had now. `detail` says why, without its address."""

    reason = "calendars.unavailable"


class CalendarBroken(Permanent):
    """What came is no calendar, or more than one can be. `detail` goes on after "the calendar"."""

    reason = "calendars.broken"


@dataclass(frozen=True, slots=True)
class CalendarAnswer:
    """`raw` is None when nothing has changed since the `etag` that was sent."""

    raw: bytes | None
    etag: str


class Calendar(Protocol):
    """Somebody's calendar elsewhere."""

    def fetch(self, address: str, *, etag: str) -> CalendarAnswer:
        """The calendar as it is now. Raises CalendarUnavailable, CalendarBroken. It ends within 13 s."""

    def read(self, raw: bytes, *, since: datetime, until: datetime, zone: str) -> Sequence[Period]:
        """When its owner is busy between two instants, in order and apart from each other; `zone` is for times that
        name none. Raises CalendarBroken."""


class Mail(Protocol):
    """A mail server."""

    def send(self, message: MailMessage) -> None:
        """Hand it over. Raises ProviderUnavailable, or ProviderRejected when the recipient or content is refused."""
