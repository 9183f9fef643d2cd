"""What passes between the dialogue and the world: what happened, and what shall be said or done. Plain data.

Amounts come in with a quote and times with a slot; the dialogue repeats them and makes up neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import Slot
from callwaiting.features.catalogue.service import Item
from callwaiting.features.orders.service import LineRequest, Quote


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says now, read at the start of a turn."""

    business: str
    zone: ZoneInfo
    now: datetime
    menu: tuple[Item, ...]
    caller_known: bool


# --- events: what happened ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Started:
    """A call came in. `can_text`: the caller's number is known and texts to it are not revoked."""

    can_text: bool
    takes_bookings: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What the caller pressed or said; both empty is silence."""

    digits: str = ""
    speech: str = ""


@dataclass(frozen=True, slots=True)
class Priced:
    """The present price of the cart. `changed`: it is not what the caller has just agreed to."""

    quote: Quote
    changed: bool = False


@dataclass(frozen=True, slots=True)
class ItemsGone:
    """Some items of the cart are not sold any more."""

    item_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class AmountRefused:
    """The total is too small or too large for a payment link."""


@dataclass(frozen=True, slots=True)
class Placed:
    number: int
    total: Money


@dataclass(frozen=True, slots=True)
class TextsRefused:
    """The caller has told us to stop texting."""


@dataclass(frozen=True, slots=True)
class SlotsFound:
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class SlotHeld:
    booking_id: UUID
    slot: Slot


@dataclass(frozen=True, slots=True)
class SlotLost:
    """Somebody else was faster, or the hold has run out."""


@dataclass(frozen=True, slots=True)
class SlotReleased:
    """The hold was given up."""


@dataclass(frozen=True, slots=True)
class Booked:
    slot: Slot
    texted: bool


@dataclass(frozen=True, slots=True)
class CallerReachable:
    """The caller's number is known now."""

    can_text: bool


@dataclass(frozen=True, slots=True)
class NumberRefused:
    """The digits are no phone number."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Done; there is nothing to tell about it."""


Outcome = (
    Priced | ItemsGone | AmountRefused | Placed | TextsRefused | SlotsFound | SlotHeld | SlotLost | SlotReleased
    | Booked | CallerReachable | NumberRefused | Noted
)  # fmt: skip
Event = Started | Heard | Outcome


# --- acts: what shall be said -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    text: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A question, after which the caller presses `one` key or `several`, or speaks. `hints` are likely words."""

    text: str
    keys: Literal["one", "several"] = "one"
    hints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HangUp:
    pass


Act = Say | Ask | HangUp


# --- effects: what shall be done, whose outcome is the next event ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Price:
    lines: tuple[LineRequest, ...]


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """Place the order for the total that the caller said yes to."""

    lines: tuple[LineRequest, ...]
    agreed: Money


@dataclass(frozen=True, slots=True)
class FindSlots:
    limit: int


@dataclass(frozen=True, slots=True)
class HoldSlot:
    slot: Slot


@dataclass(frozen=True, slots=True)
class ConfirmBooking:
    booking_id: UUID


@dataclass(frozen=True, slots=True)
class ReleaseBooking:
    booking_id: UUID


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


Effect = (
    Price | PlaceOrder | FindSlots | HoldSlot | ConfirmBooking | ReleaseBooking | RememberCaller | AllowTexts
    | StopTexts | CallPerson
)  # fmt: skip
