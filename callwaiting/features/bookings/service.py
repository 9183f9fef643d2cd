"""Bookings as the other slices know them: free slots, a short hold while one is read out, its confirmation, changes.

How a caller is booked: `free_slots`, then `hold_slot` for the one that is read out, then `confirm` after a plain yes,
or `release`. `move` and `cancel` change what is confirmed. Each says what it raises; SlotTaken always means that the
caller should hear other times.
"""

from __future__ import annotations

from callwaiting.features.bookings.changes import cancel, move
from callwaiting.features.bookings.choice import Choice, Offer, Place, choice
from callwaiting.features.bookings.deposits import Deposit, awaited, has_deposit
from callwaiting.features.bookings.figures import per_day
from callwaiting.features.bookings.holding import HOLD, attach_caller, confirm, hold_slot, release, release_of_call
from callwaiting.features.bookings.listing import Entry, to_come
from callwaiting.features.bookings.offers import free_slots, takes_bookings
from callwaiting.features.bookings.paid import expire_unpaid, take_paid, waive_asked
from callwaiting.features.bookings.resources import add_resource
from callwaiting.features.bookings.rows import free_rows, hold_row
from callwaiting.features.bookings.slots import Slot, spoken_time

__all__ = [
    "HOLD",
    "Choice",
    "Deposit",
    "Entry",
    "Offer",
    "Place",
    "Slot",
    "add_resource",
    "attach_caller",
    "awaited",
    "cancel",
    "choice",
    "confirm",
    "expire_unpaid",
    "free_rows",
    "free_slots",
    "has_deposit",
    "hold_row",
    "hold_slot",
    "move",
    "per_day",
    "release",
    "release_of_call",
    "spoken_time",
    "take_paid",
    "takes_bookings",
    "to_come",
    "waive_asked",
]
