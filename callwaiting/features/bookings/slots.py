"""Fixed slots of a resource's day, in the merchant's local time. Pure: the clock and the hours come as arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Slot:
    """A period of a resource that can be booked. `start` and `end` are aware, in UTC."""

    resource_id: UUID
    start: datetime
    end: datetime


def slots_of_day(
    resource_id: UUID, *, opens: time, closes: time, slot_minutes: int, day: date, zone: ZoneInfo
) -> Iterator[Slot]:
    """The day's slots in order. A local time that the change to summer time skips has no slot."""
    length = timedelta(minutes=slot_minutes)
    local, end_of_day = datetime.combine(day, opens), datetime.combine(day, closes)
    while local + length <= end_of_day:
        start = local.replace(tzinfo=zone).astimezone(UTC)
        if start.astimezone(zone).replace(tzinfo=None) == local:
            yield Slot(resource_id, start, start + length)
        local += length


def upcoming(
    resource_id: UUID, *, opens: time, closes: time, slot_minutes: int, zone: ZoneInfo, now: datetime
) -> Iterator[Slot]:
    """The slots of today and tomorrow that have not begun."""
    today = now.astimezone(zone).date()
    for day in (today, today + timedelta(days=1)):
        for slot in slots_of_day(
            resource_id, opens=opens, closes=closes, slot_minutes=slot_minutes, day=day, zone=zone
        ):
            if slot.start > now:
                yield slot


def spoken_time(start: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`today at 3:30 PM`, `tomorrow at 9 AM`, or the date, for a voice and for texts alike."""
    local, today = start.astimezone(zone), now.astimezone(zone).date()
    minutes = f":{local:%M}" if local.minute else ""
    clock = f"{local.hour % 12 or 12}{minutes} {'AM' if local.hour < 12 else 'PM'}"
    names = {today: "today", today + timedelta(days=1): "tomorrow"}
    day = names.get(local.date(), f"on {local:%A}, {local:%B} {local.day}")
    return f"{day} at {clock}"
