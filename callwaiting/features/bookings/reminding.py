"""When a reminder may go out. Pure.

Quiet hours are those of all texts (`messages/quiet_hours.py`), here by the business's clock: where the caller is, the
gate asks once more.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from callwaiting.features.messages.service import awake, is_quiet

LAST_CALL = time(20)
# A reminder closer to the last text or to the appointment than this tells nothing new, or too late.
APART = timedelta(hours=4)
AHEAD = timedelta(hours=1)


def reminder_at(start: datetime, *, told_at: datetime, lead: timedelta, zone: ZoneInfo) -> datetime | None:
    """`lead` before the start; where that falls into quiet hours, eight in the evening before them.

    None without a lead, and when it would come less than four hours after the caller was told of this time.
    """
    if not lead:
        return None
    wanted = start - lead
    if is_quiet(wanted, zone):
        local = wanted.astimezone(zone)
        evening = local.date() if local.time() >= LAST_CALL else local.date() - timedelta(days=1)
        wanted = datetime.combine(evening, LAST_CALL, zone).astimezone(UTC)
    return wanted if wanted - told_at >= APART else None


def late_until(moment: datetime, start: datetime, zone: ZoneInfo) -> datetime | None:
    """For a reminder that is due at `moment`: `moment` itself outside of quiet hours, else the next eight o'clock.

    None when that is less than an hour before the start: then it is too late to remind.
    """
    at = awake(moment, zone)
    return at if start - at >= AHEAD else None
