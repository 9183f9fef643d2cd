"""Opening hours in a sentence, from the week that the merchant has entered. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from callwaiting.features.merchants.hours import Period

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def about_hours(periods: Sequence[Period], now: datetime, zone: ZoneInfo) -> str:
    """Whether it is open now, and the hours of today and of the week."""
    local = now.astimezone(zone)
    state = "We are open now." if is_open(periods, now, zone) else "We are closed now."
    today = _of_day(periods, local.isoweekday())
    if today:
        hours = _joined([_span(period) for period in today])
        return f"{state} Today we are open {hours}. {_week(periods)}"
    return f"{state} {_week(periods)}"


def is_open(periods: Sequence[Period], now: datetime, zone: ZoneInfo) -> bool:
    """Whether a period of the week holds now; one past midnight belongs to the day on which it begins."""
    local = now.astimezone(zone)
    clock, weekday, yesterday = local.time(), local.isoweekday(), (local - timedelta(days=1)).isoweekday()
    for period in periods:
        overnight = period.closes <= period.opens
        if period.weekday == weekday and period.opens <= clock and (overnight or clock < period.closes):
            return True
        if overnight and period.weekday == yesterday and clock < period.closes:
            return True
    return False


def _week(periods: Sequence[Period]) -> str:
    """Days with the same hours are said together when they follow each other."""
    groups: list[tuple[int, int, tuple[str, ...]]] = []
    for weekday in range(1, 8):
        spans = tuple(_span(period) for period in _of_day(periods, weekday))
        if groups and groups[-1][2] == spans:
            groups[-1] = (groups[-1][0], weekday, spans)
        else:
            groups.append((weekday, weekday, spans))
    said = [f"{_days(first, last)}, {_joined(list(spans)) if spans else 'closed'}" for first, last, spans in groups]
    return "Our week: " + "; ".join(said) + "."


def _days(first: int, last: int) -> str:
    return DAYS[first - 1] if first == last else f"{DAYS[first - 1]} to {DAYS[last - 1]}"


def _of_day(periods: Sequence[Period], weekday: int) -> list[Period]:
    return sorted(period for period in periods if period.weekday == weekday)


def _span(period: Period) -> str:
    if period.opens == period.closes:
        return "day and night"
    return f"from {_clock(period.opens)} to {_clock(period.closes)}"


def _clock(moment: time) -> str:
    minutes = f":{moment:%M}" if moment.minute else ""
    return f"{moment.hour % 12 or 12}{minutes} {'AM' if moment.hour < 12 else 'PM'}"


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
