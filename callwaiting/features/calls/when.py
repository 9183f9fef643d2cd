"""When the caller would like to come, as far as it was said, by the merchant's clock. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.counting import is_position
from callwaiting.features.calls.state import Wanted
from callwaiting.features.calls.vocabulary import ORDINALS
from callwaiting.features.catalogue.service import words_of
from callwaiting.understanding import Slot, Understood, understand


def wanted_in(speech: str, facts: Facts, asked: str | None = None) -> Wanted | None:
    """The day and time that are named; None when there is neither. What may have been misheard is doubtful. `asked` is
    `time` where a bare number is a time of day."""
    words = words_of(speech)
    # `the second one` is no second of the month
    if is_position(words) and (asked is None or any(word in ORDINALS for word in words)):
        return None
    found = understood(speech, facts, asked)
    day, doubtful = found.date, bool({Slot.DATE, Slot.TIME, Slot.PERIOD} & set(found.doubtful))
    earliest = latest = None
    if found.period is not None:
        begin, end = found.period.begin, found.period.end
        earliest, latest = _time(begin), _time(end)
        first = begin if isinstance(begin, date) else end if isinstance(end, date) else None
        if day is None and first is not None:  # of several days the first is looked at, and asked about
            day, doubtful = first, True
    times = () if earliest or latest else _times(found)
    if day is None and not times and earliest is None and latest is None:
        return None
    return Wanted(day, times, earliest, latest, doubtful)


def understood(speech: str, facts: Facts, asked: str | None = None) -> Understood:
    """All that one sentence says, worked out once a turn. `asked` is the slot that was asked for."""
    return _understood(speech, facts.now, facts.zone.key, facts.region, asked)


def keyed_day(digits: str, facts: Facts) -> date | None:
    """The day of a key: 1 for today, 2 for tomorrow."""
    days = {"1": 0, "2": 1}.get(digits)
    return None if days is None else facts.now.astimezone(facts.zone).date() + timedelta(days=days)


@lru_cache(maxsize=64)
def _understood(speech: str, now: datetime, zone: str, country: str, asked: str | None) -> Understood:
    return understand(speech, now=now, timezone=zone, asked=asked, country=country)


def _times(found: Understood) -> tuple[time, ...]:
    """Seven is in the morning or in the evening: both, for the free times to decide."""
    if found.time is None:
        return ()
    others = (time.fromisoformat(candidate) for candidate in found.candidates.get(Slot.TIME, ()))
    return tuple(dict.fromkeys((found.time, *others)))


def _time(moment: date | time | None) -> time | None:
    return moment if isinstance(moment, time) and not isinstance(moment, datetime) else None
