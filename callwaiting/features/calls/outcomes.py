"""What has happened, as the policy hears of it: the caller did something, or an effect came out this way. Plain data.

Amounts come in with a quote and times with a slot; the dialogue repeats them and makes up neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import Deposit, Slot
from callwaiting.features.calls.state import Held
from callwaiting.features.orders.service import LineRequest, Quote


@dataclass(frozen=True, slots=True)
class Started:
    """A call came in. `can_text`: the caller's number is known and texts to it are not revoked; `can_transfer`: there
    is somebody to put the caller through to; `asks_recording`: the merchant wants calls recorded that agree to it."""

    can_text: bool
    takes_bookings: bool
    open: bool
    can_transfer: bool = False
    voicemail: bool = False
    asks_recording: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller pressed or said; both empty is silence."""

    digits: str = ""
    speech: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The caller has spoken after the tone. `recording_sid` is the provider's name of the recording."""

    recording_sid: str
    seconds: int


@dataclass(frozen=True, slots=True)
class CameBack:
    """The attempt to put the caller through is over. `connected`: somebody pressed the key that takes the call, and
    both have spoken."""

    connected: bool


@dataclass(frozen=True, slots=True)
class Priced:
    """The present price of the cart. `changed`: it is not what the caller has just agreed to; `least`: it is too small
    for the code that was named, which is good from this amount on."""

    quote: Quote
    changed: bool = False
    least: Money | None = None


@dataclass(frozen=True, slots=True)
class ItemsGone:
    """Some items of the cart are not sold any more. `names` are theirs, of those that still have one."""

    item_ids: tuple[UUID, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChoicesOpen:
    """Some lines of the cart cannot be had with these options any more, or lack one that is needed now."""

    lines: tuple[LineRequest, ...]


@dataclass(frozen=True, slots=True)
class AmountRefused:
    """The total is too small or too large for a payment link."""


@dataclass(frozen=True, slots=True)
class CodeGood:
    """The code, as the merchant wrote it, is good for orders of `least` or more: for a share of them in basis points,
    or for an amount."""

    code: str
    basis_points: int
    amount: Money
    least: Money | None = None


@dataclass(frozen=True, slots=True)
class CodeRefused:
    """There is no such code, or it is over. `said` is the caller's whole answer, if it was one."""

    code: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class CodeLost:
    """The code that was good is over, or leaves too little for a payment link."""

    too_little: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """`due_now` is the total, or the deposit on it."""

    number: int
    total: Money
    due_now: Money


@dataclass(frozen=True, slots=True)
class TextsRefused:
    """The caller has told us to stop texting."""


@dataclass(frozen=True, slots=True)
class SlotsFound:
    """Free times. `fitting`: they are what was wished; else the wish could not be met and these come next. `exact`:
    the one time that was named is free. `doubtful`: the wish may have been misheard."""

    slots: tuple[Slot, ...]
    fitting: bool = True
    exact: bool = False
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class ServiceGone:
    """The service is not offered any more."""


@dataclass(frozen=True, slots=True)
class SlotHeld:
    """`also` is held right behind it."""

    booking_id: UUID
    slot: Slot
    also: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class SlotLost:
    """Somebody else was faster, or the hold has run out."""


@dataclass(frozen=True, slots=True)
class SlotReleased:
    """The hold was given up."""


@dataclass(frozen=True, slots=True)
class Booked:
    """With a `deposit` the time is kept until it is paid."""

    slot: Slot
    texted: bool
    deposit: Deposit | None = None


@dataclass(frozen=True, slots=True)
class DepositNeedsTexts:
    """The booking has to be paid for by a link, and the caller has told us to stop texting."""


@dataclass(frozen=True, slots=True)
class CallerReachable:
    """The caller's number is known now."""

    can_text: bool


@dataclass(frozen=True, slots=True)
class NumberRefused:
    """The digits are no phone number."""


@dataclass(frozen=True, slots=True)
class MessageDrafted:
    """What the caller said is kept, but not yet passed on."""

    message_id: UUID


@dataclass(frozen=True, slots=True)
class MessagePassedOn:
    """The team has the caller's message."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The merchant's own answer to a question."""

    text: str


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """The merchant has no answer to this. `question`: the caller surely asked something."""

    question: bool


@dataclass(frozen=True, slots=True)
class OrderFound:
    """An order of this caller. `state` is that of the order's transitions."""

    number: int
    state: str


@dataclass(frozen=True, slots=True)
class OrderUnknown:
    """No order of this caller has this number."""


@dataclass(frozen=True, slots=True)
class BookingFound:
    """A booking to come of this caller. `unpaid`: it waits for its deposit."""

    booking_id: UUID
    version: int
    slot: Slot
    party: int | None = None
    unpaid: bool = False


@dataclass(frozen=True, slots=True)
class DepositUnderway:
    """The deposit of the booking is being taken at this moment, so that it stays as it is."""


@dataclass(frozen=True, slots=True)
class BookingUnknown:
    """This caller has no booking to come on that day."""


@dataclass(frozen=True, slots=True)
class BookingTooLate:
    """The booking begins so soon that the business wants to be asked in person."""


@dataclass(frozen=True, slots=True)
class BookingChanged:
    """The booking is cancelled, or moved to `slot`. It waits for the `deposit` still, if there is one."""

    slot: Slot | None
    deposit: Deposit | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """Done; there is nothing to tell about it."""


Outcome = (
    Priced | ItemsGone | ChoicesOpen | AmountRefused | Placed | TextsRefused | SlotsFound | ServiceGone | SlotHeld
    | SlotLost | SlotReleased | Booked | DepositNeedsTexts | CallerReachable | NumberRefused | MessageDrafted
    | MessagePassedOn | Answered | NotAnswered | OrderFound | OrderUnknown | BookingFound | BookingUnknown
    | BookingTooLate | BookingChanged | DepositUnderway | Noted | CodeGood | CodeRefused | CodeLost
)  # fmt: skip
Event = Started | Heard | Recorded | CameBack | Outcome
