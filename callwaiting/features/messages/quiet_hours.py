"""When a text that answers nothing may be sent: from 8 in the morning to 9 in the evening, where the recipient is.

47 CFR 64.1200(c)(1) forbids soliciting before 8 and after 21 o'clock by the called party's local time. Every text that
does not answer what the recipient just did keeps these hours. A number tells its area only: its owner may have taken
it along to where the business is, so that all time zones of the area and the business's own must be awake.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import PhoneNumberType

BEGIN, END = time(21), time(8)
WAIT = timedelta(hours=36)  # a common hour that does not come by then never comes: the days repeat
UNKNOWN = "Etc/Unknown"
WITHOUT_AREA = frozenset({
    PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST, PhoneNumberType.VOIP,
    PhoneNumberType.PERSONAL_NUMBER, PhoneNumberType.UAN,
})  # fmt: skip


def sendable_at(now: datetime, number: str, business: ZoneInfo) -> datetime:
    """`now` when it is quiet nowhere the recipient may be, else the end of the quiet time.

    Where no hour suits all zones, the business's own is left out; where none suits the rest either, or the number has
    no area, it alone counts.
    """
    area = zones_of(number)
    for zones in ([business, *area], area):
        moment = _common(now, zones) if zones else None
        if moment is not None:
            return moment
    return awake(now, business)


@lru_cache(maxsize=1024)
def zones_of(number: str) -> Sequence[ZoneInfo]:
    """The time zones of the area of a number in E.164; none where it has no area: a short code, a toll-free number."""
    from phonenumbers import timezone  # 50 ms of tables that a web process seldom needs

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return ()
    if phonenumbers.number_type(parsed) in WITHOUT_AREA:
        return ()
    names = timezone.time_zones_for_number(parsed)
    return tuple(ZoneInfo(name) for name in names if name != UNKNOWN)


def _common(now: datetime, zones: Sequence[ZoneInfo]) -> datetime | None:
    """The first moment from `now` on at which it is quiet in none of the zones."""
    moment = now
    while moment - now < WAIT:
        later = max(awake(moment, zone) for zone in zones)
        if later == moment:
            return moment
        moment = later
    return None


def is_quiet(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether nobody may be texted at an instant in a zone."""
    return not END <= moment.astimezone(zone).time() < BEGIN


def awake(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment, or the next 8 o'clock of the zone when it is quiet there: by the clock on the wall, whatever the
    night's length."""
    if not is_quiet(moment, zone):
        return moment
    local = moment.astimezone(zone)
    day = local.date() + timedelta(days=1 if local.time() >= BEGIN else 0)
    return datetime.combine(day, END, tzinfo=zone).astimezone(moment.tzinfo)
