from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from callwaiting.core.money import Money
from callwaiting.features.merchants.service import Tax


@dataclass(frozen=True, slots=True)
class BookingConfirmed:
    """A slot has been booked, once. A booking that is moved or cancelled later is not told by this."""

    booking_id: UUID
    resource_id: UUID
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class DepositDue:
    """A caller has said yes to a time whose service has a deposit: it is kept until `until`, and has to be paid for.
    The booking is locked by the publisher. `answers_live_call`: the caller is on the phone."""

    booking_id: UUID
    service_id: UUID
    service: str
    price: Money
    tax: Tax
    deposit: Money
    until: datetime
    caller_id: UUID
    phone_number_id: UUID
    answers_live_call: bool


@dataclass(frozen=True, slots=True)
class BookingsToLock:
    """These bookings are about to be locked and changed. Whoever has rows that are locked before a booking's, such as
    the order of its deposit, locks them now: always in this order, so that no two wait for each other."""

    booking_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class BookingCancelled:
    """A booking that was confirmed, or waited for its deposit, is cancelled. What was paid goes back or stays."""

    booking_id: UUID
    deposit: Literal["refund", "keep"]
