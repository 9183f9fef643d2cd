"""What the policy wants said, and what it wants done. Plain data, which renderers and `effects` turn into deeds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import Choice, Slot
from callwaiting.features.calls.state import Visit, Wanted
from callwaiting.features.catalogue.service import Item
from callwaiting.features.orders.service import LineRequest


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says now, read at the start of a turn. `region` is the merchant's country, `choice` what can be
    booked. `written`: the caller writes and reads instead of speaking and listening."""

    business: str
    zone: ZoneInfo
    now: datetime
    menu: tuple[Item, ...]
    caller_known: bool
    region: str = "US"
    choice: Choice = field(default_factory=Choice)
    written: bool = False


# --- acts: what shall be said -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """`language` is that of a voice, as `es-US`; empty is the call's own."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Quote:
    """The caller's own words, read back: they are nobody's promise."""

    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, after which the caller presses `one` key or `several`, or speaks. `hints` are likely words."""

    text: str
    keys: Literal["one", "several"] = "one"
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """Record what the caller says after the tone."""

    text: str


@dataclass(frozen=True, slots=True)
class PutThrough:
    """Ring the merchant's own people, who take the call by a key."""

    text: str


@dataclass(frozen=True, slots=True)
class RecordCall:
    """From here on the call is recorded: the caller has agreed."""


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


Act = Say | Quote | Ask | TakeMessage | PutThrough | RecordCall | HangUp


# --- effects: what shall be done, whose outcome is the next event ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Price:
    lines: tuple[LineRequest, ...]
    code: str = ""


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Place the order for the total that the caller said yes to, of which `due_now` is."""

    lines: tuple[LineRequest, ...]
    agreed: Money
    due_now: Money | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class CheckCode:
    """Look up a code for a discount, in capitals as it may be written. `said` is the whole answer to the question for
    the code, which may have been something else."""

    code: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class FindSlots:
    limit: int
    wanted: Wanted = field(default_factory=Wanted)
    visit: Visit = field(default_factory=Visit)


@dataclass(frozen=True, slots=True)
class HoldSlot:
    """`then` are services to be held right behind it, all or nothing."""

    slot: Slot
    party: int | None = None
    then: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfirmBooking:
    """Book what is held, all or nothing."""

    booking_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class ReleaseBooking:
    booking_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class FindBooking:
    """The caller's own booking on a day, which whoever made it knows; of a service, if one was named."""

    day: date
    service_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class CancelBooking:
    booking_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class MoveBooking:
    booking_id: UUID
    version: int
    slot: Slot


@dataclass(frozen=True, slots=True)
class RememberCaller:
    """Keep the number that a caller without caller id has keyed in."""

    digits: str


@dataclass(frozen=True, slots=True)
class AllowTexts:
    pass


@dataclass(frozen=True, slots=True)
class StopTexts:
    """Record a revocation; `said` is the evidence."""

    said: str


@dataclass(frozen=True, slots=True)
class CallPerson:
    """Tell the merchant that the caller asked for a person."""


@dataclass(frozen=True, slots=True)
class TellEmergency:
    """Tell the merchant that the caller spoke of an emergency."""


@dataclass(frozen=True, slots=True)
class DraftMessage:
    """Keep what the caller wants the team to know, until the caller says yes to it."""

    said: str


@dataclass(frozen=True, slots=True)
class PassMessageOn:
    message_id: UUID


@dataclass(frozen=True, slots=True)
class KeepRecording:
    """Pass on the message that the caller spoke after the tone."""

    recording_sid: str
    seconds: int


@dataclass(frozen=True, slots=True)
class KeepAnswer:
    """Keep what the caller said when asked whether the call may be recorded."""

    granted: bool


@dataclass(frozen=True, slots=True)
class FindAnswer:
    """Look for the merchant's own words about this."""

    question: str


@dataclass(frozen=True, slots=True)
class FindOrder:
    """Look up one of the caller's own orders."""

    number: int


@dataclass(frozen=True, slots=True)
class NoteAnswer:
    """The caller was told what the books say."""


@dataclass(frozen=True, slots=True)
class NoteTransfer:
    """The caller was put through and has spoken to somebody."""


Effect = (
    Price | PlaceOrder | CheckCode | FindSlots | HoldSlot | ConfirmBooking | ReleaseBooking | FindBooking
    | CancelBooking | MoveBooking | RememberCaller | AllowTexts | StopTexts | CallPerson | TellEmergency | DraftMessage
    | PassMessageOn | KeepRecording | KeepAnswer | FindAnswer | FindOrder | NoteAnswer
    | NoteTransfer
)  # fmt: skip
