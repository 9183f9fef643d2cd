"""Date expressions that a booking could mean, from two libraries' own test data, with what they may mean.

Booking scope: one expression; a day, a time of day, both, or a stretch of days or hours of at most a month; not wholly
in the past; no quarters, years, seasons, seconds or other time zones. Sentences without an expression are in scope too:
there nothing may be heard. A time without a half of the day may be either; of a part of the day only that it is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Row = dict[str, Any]
OUT = re.compile(
    r"\b(?:gmt|bst|utc|ist|[pcme]s?t|eom|eoy|q[1-4]|qtr|quarters?|season|winter|summer|spring|fall|autumn|years?|"
    r"school|last|ago|past \d|previous|earlier|since|moment|present|current|this time)\b|\d{4}q\d", re.IGNORECASE,
)  # fmt: skip
CLOCK = re.compile(r"minute|hour|:|past|noon|\d ?[ap]\.?m|clock|\d h", re.IGNORECASE)
LONGEST = timedelta(days=32)


@dataclass(frozen=True)
class Meant:
    """All that an expression may mean. Empty sets: nothing of the kind is said. `part`: any part of the day."""

    days: set[str] = field(default_factory=set)
    times: set[str] = field(default_factory=set)
    stretches: set[tuple[str | None, str | None]] = field(default_factory=set)
    part: bool = False

    def is_met_by(self, result: Row) -> bool:
        """Whether an answer is one of the meanings."""
        period = result["period"] or {"from": None, "to": None, "part": None}
        if self.part:
            return period["part"] is not None and (not self.days or result["date"] in self.days)
        if self.stretches:
            return (period["from"], period["to"]) in self.stretches
        if not self.days and not self.times:
            return result["date"] is None and result["time"] is None
        return result["date"] in (self.days or (None,)) and (not self.times or result["time"] in self.times)


def expressions(rows: Callable[[str], list[Row]]) -> Iterator[tuple[str, str, str, Meant]]:
    """(text, now, time zone, meaning) of everything in scope."""
    for row in rows("datetime_duckling.jsonl"):
        meant = _duckling(row)
        if meant and not OUT.search(row["text"]):
            yield row["text"], row["reference"], "Etc/GMT+2", meant
    for row in rows("datetime_recognizers.jsonl"):
        meant = _recognizers(row)
        if meant:
            yield row["text"], row["reference"], "America/New_York", meant


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _duckling(row: Row) -> Meant | None:
    now = datetime.fromisoformat(row["reference"]).replace(tzinfo=None)
    begin = datetime.fromisoformat(row["from"])
    end = datetime.fromisoformat(row["to"]) if row["to"] else None
    grain = row["grain"]
    if begin < now - timedelta(days=1) or grain in ("Quarter", "Year") or (end and end - begin > LONGEST):
        return None
    if end is None and grain in ("Week", "Month"):
        length = timedelta(days=7) if grain == "Week" else timedelta(days=31)
        return Meant(stretches={(_day(begin), _day(begin + length - timedelta(days=less))) for less in (1, 2, 3, 4)})
    if end is None and (grain == "Day" or (not CLOCK.search(row["text"]) and begin.hour == now.hour)):
        return Meant(days={_day(begin)})
    if end is None:
        both = {_clock(begin), _clock(begin + timedelta(hours=12))}
        return _AnyDay(days={_day(begin)}, times=both)
    if grain == "Day":
        return Meant(stretches={(_day(begin), _day(end - timedelta(days=1)))})
    if not CLOCK.search(row["text"]) and not re.search(r"\d ?-", row["text"]):
        return Meant(part=True)
    ends = {_clock(end - timedelta(minutes=less)) for less in (0, 1, 60)} | {None}
    return Meant(stretches={(_clock(begin), last) for last in ends})


class _AnyDay(Meant):
    """A time whose day may be left unsaid."""

    def is_met_by(self, result: Row) -> bool:
        return result["time"] in self.times and result["date"] in (*self.days, None)


def _recognizers(row: Row) -> Meant | None:
    results = row["results"]
    if not results:
        return Meant()
    found = results[0]
    values = [value for value in found["values"] if value.get("value") != "not resolved"]
    kind = found["type"].split(".")[1]
    if len(results) != 1 or not values or OUT.search(found["text"]) or "Mod" in values[0]:
        return None
    reference = datetime.fromisoformat(row["reference"])
    if kind in ("date", "datetime"):
        moments = [datetime.fromisoformat(value["value"]) for value in values if "value" in value]
        if not any(moment.date() >= reference.date() for moment in moments):
            return None
        times = {_clock(moment) for moment in moments} if kind == "datetime" else set()
        return Meant(days={_day(moment) for moment in moments}, times=times)
    if kind == "time":
        return Meant(times={value["value"][:5] for value in values})
    if kind not in ("timerange", "datetimerange", "daterange") or any(
        {"start", "end"} - set(value) for value in values
    ):
        return None
    return _stretch(kind, values, reference)


def _stretch(kind: str, values: list[Row], reference: datetime) -> Meant | None:
    if kind != "daterange":
        if all(re.search(r"T[A-Z]{2}$", value["timex"]) for value in values):
            return Meant(part=True)
        return Meant(stretches={(value["start"][-8:-3], value["end"][-8:-3]) for value in values})
    pairs = [(datetime.fromisoformat(value["start"]), datetime.fromisoformat(value["end"])) for value in values]
    if pairs[-1][1] < reference or pairs[0][1] - pairs[0][0] > LONGEST:
        return None
    return Meant(stretches={(_day(begin), _day(end - timedelta(days=less))) for begin, end in pairs for less in (0, 1)})
