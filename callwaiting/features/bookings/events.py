from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BookingConfirmed:
    """A slot has been booked, once. A booking that is moved or cancelled later is not told by this."""

    booking_id: UUID
    resource_id: UUID
    start: datetime
    end: datetime
