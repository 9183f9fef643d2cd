"""What a caller is offered, and how its time is spoken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Slot:
    """A period of a resource that can be booked, for a service or for nothing in particular. `start` and `end` are
    aware, in UTC."""

    resource_id: UUID
    start: datetime
    end: datetime
    service_id: UUID | None = None


def spoken_time(start: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`today at 3:30 PM`, `tomorrow at 9 AM`, or the date, for a voice and for texts alike."""
    local, today = start.astimezone(zone), now.astimezone(zone).date()
    minutes = f":{local:%M}" if local.minute else ""
    clock = f"{local.hour % 12 or 12}{minutes} {'AM' if local.hour < 12 else 'PM'}"
    names = {today: "today", today + timedelta(days=1): "tomorrow"}
    day = names.get(local.date(), f"on {local:%A}, {local:%B} {local.day}")
    return f"{day} at {clock}"
