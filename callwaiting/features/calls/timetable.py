"""Which of the free times fit what was wished? Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time
from zoneinfo import ZoneInfo

from callwaiting.features.bookings.service import Slot
from callwaiting.features.calls.outcomes import SlotsFound
from callwaiting.features.calls.state import Wanted


def choose(free: Sequence[Slot], wanted: Wanted, zone: ZoneInfo, limit: int) -> SlotsFound:
    """The free times of a day, in order, that fit the time that was wished; without one, those nearest to it. A time
    that was surely named and is free alone is `exact`. Seven is in the morning or the evening, as there is a slot."""
    named = [slot for slot in free if _clock(slot, zone) in wanted.times]
    if named:
        return SlotsFound(tuple(named[:limit]), exact=len(named) == 1 and not wanted.doubtful, doubtful=wanted.doubtful)
    if wanted.times:
        nearest = sorted(free, key=lambda slot: min(_apart(_clock(slot, zone), moment) for moment in wanted.times))
        return SlotsFound(
            tuple(sorted(nearest[:limit], key=lambda slot: slot.start)), fitting=False, doubtful=wanted.doubtful
        )
    within = [slot for slot in free if _within(_clock(slot, zone), wanted)]
    if within:
        return SlotsFound(_spread(within, limit), doubtful=wanted.doubtful)
    return SlotsFound(_spread(free, limit), fitting=False, doubtful=wanted.doubtful)


def _within(moment: time, wanted: Wanted) -> bool:
    return (wanted.earliest is None or wanted.earliest <= moment) and (wanted.latest is None or moment <= wanted.latest)


def _spread(slots: Sequence[Slot], limit: int) -> tuple[Slot, ...]:
    """As many as there may be, spread over the whole, so that a day is not offered by its morning alone."""
    if len(slots) <= limit:
        return tuple(slots)
    return tuple(slots[place * (len(slots) - 1) // (limit - 1)] for place in range(limit))


def _clock(slot: Slot, zone: ZoneInfo) -> time:
    return slot.start.astimezone(zone).time()


def _apart(one: time, other: time) -> int:
    return abs((one.hour - other.hour) * 60 + one.minute - other.minute)
