"""What the dialogue remembers between two turns. No personal data: who calls stands in the call's row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Literal
from uuid import UUID

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import Slot
from callwaiting.features.orders.service import LineRequest


@dataclass(frozen=True, slots=True)
class Wanted:
    """When the caller would like to come, as far as it was said, by the merchant's clock. `times` are the times of day
    that may be meant (seven is two of them); `earliest` and `latest` bound a part of the day. `doubtful`: it may have
    been misheard, so it is asked about before anything is held."""

    day: date | None = None
    times: tuple[time, ...] = ()
    earliest: time | None = None
    latest: time | None = None
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """What is to be booked, as far as it was said: which service, with whom (or at which table), for how many; and
    `then` which services right behind it, with the same person."""

    service_id: UUID | None = None
    place_id: UUID | None = None
    party: int | None = None
    then: tuple[UUID, ...] = ()


class Frame(StrEnum):
    """What a call is about: each frame has its steps, and ends in one thing that is done."""

    OPENING = "opening"
    ORDER = "order"
    BOOKING = "booking"
    CHANGE = "change"
    STATUS = "status"
    MESSAGE = "message"
    CLOSING = "closing"


class Step(StrEnum):
    """What the caller was asked last."""

    RECORDING = "recording"
    MENU = "menu"
    ITEM = "item"
    CHOICE = "choice"
    OPTION = "option"
    QUANTITY = "quantity"
    MORE = "more"
    CONFIRM = "confirm"
    FIX = "fix"
    SERVICE = "service"
    PARTY = "party"
    SLOT = "slot"
    BOOK = "book"
    WHICH_BOOKING = "which_booking"
    CHANGE = "change"
    CANCEL_SURE = "cancel_sure"
    MOVE_SLOT = "move_slot"
    MOVE_SURE = "move_sure"
    PHONE = "phone"
    ALLOW_TEXTS = "allow_texts"
    CODE = "code"
    ORDER_NUMBER = "order_number"
    MESSAGE = "message"
    MESSAGE_SURE = "message_sure"
    VOICEMAIL = "voicemail"
    DONE = "done"


FRAMES: Mapping[Frame, frozenset[Step]] = {
    Frame.OPENING: frozenset({Step.RECORDING, Step.MENU}),
    Frame.ORDER: frozenset({
        Step.ITEM, Step.CHOICE, Step.OPTION, Step.QUANTITY, Step.MORE, Step.CONFIRM, Step.FIX, Step.PHONE,
        Step.ALLOW_TEXTS, Step.CODE,
    }),
    Frame.BOOKING: frozenset({Step.SERVICE, Step.PARTY, Step.SLOT, Step.BOOK, Step.PHONE}),
    Frame.CHANGE: frozenset({Step.WHICH_BOOKING, Step.CHANGE, Step.CANCEL_SURE, Step.MOVE_SLOT, Step.MOVE_SURE}),
    Frame.STATUS: frozenset({Step.ORDER_NUMBER}),
    Frame.MESSAGE: frozenset({Step.MESSAGE, Step.MESSAGE_SURE, Step.VOICEMAIL}),
    Frame.CLOSING: frozenset({Step.DONE}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wish:
    """An item the caller named. Several ids: it is not clear which; no quantity: it was not said. `options` are chosen
    and `removed` is left out; `asking` is the group of options that is asked about though it needs no answer."""

    item_ids: tuple[UUID, ...]
    quantity: int | None
    options: tuple[UUID, ...] = ()
    removed: tuple[str, ...] = ()
    asking: UUID | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A booking that is held, and its time."""

    booking_id: UUID
    slot: Slot


@dataclass(frozen=True, slots=True)
class DialogueState:
    """`wishes` are still to be settled before they go into `cart`; `last` is the item that was put there last. `agreed`
    is the total that was read back last, `due_now` what of it is due at once. `misses` counts answers in a row that
    were not understood, `turns` all of them. `goal` is what the caller's number is wanted for; `number_keyed`: it came
    from the keypad, so it may be anybody's. `person_asked`: the team has been told that the caller asked for a person.
    `booking_id` is the booking that is held, or in `booking_version` the one that is being changed, whose time is
    `held`; `unpaid`: it waits for its deposit; `change` is what was wished of it at first. `wanted` is the time that
    was named last, and `visit` what for. `ringing`: somebody of the merchant's is being rung. `code` takes a discount
    off the order; `code_tries` were refused. `offer` is the item or the service
    whose price the caller asked for just now. `later`: a booking is wished after the order. `declined`: the last that
    was said is that nothing is wanted. `also` is held together with `held`; `one_by_one` are services that are booked
    after this one, each with a yes of its own."""

    step: Step = Step.MENU
    misses: int = 0
    can_text: bool = False
    takes_bookings: bool = False
    wishes: tuple[Wish, ...] = ()
    cart: tuple[LineRequest, ...] = ()
    agreed: Money | None = None
    offers: tuple[Slot, ...] = ()
    held: Slot | None = None
    booking_id: UUID | None = None
    goal: Literal["order", "booking"] | None = None
    number_keyed: bool = False
    turns: int = 0
    last: UUID | None = None
    message_id: UUID | None = None
    can_transfer: bool = False
    voicemail: bool = False
    person_asked: bool = False
    booking_version: int = 0
    wanted: Wanted | None = None
    ringing: bool = False
    visit: Visit = Visit()
    due_now: Money | None = None
    code: str = ""
    code_tries: int = 0
    unpaid: bool = False
    change: Literal["cancel", "move"] | None = None
    offer: Wish | None = None
    later: bool = False
    declined: bool = False
    also: tuple[Held, ...] = ()
    one_by_one: tuple[UUID, ...] = ()

    @property
    def holds(self) -> tuple[UUID, ...]:
        """The bookings that are held."""
        return tuple(filter(None, (self.booking_id, *(each.booking_id for each in self.also))))

    def afresh(self) -> DialogueState:
        """The state of a caller who starts over: only what was known of the call from its beginning is kept."""
        return DialogueState(
            can_text=self.can_text,
            takes_bookings=self.takes_bookings,
            can_transfer=self.can_transfer,
            voicemail=self.voicemail,
            turns=self.turns,
            code_tries=self.code_tries,
        )
