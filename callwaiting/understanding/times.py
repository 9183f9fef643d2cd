"""The grammar of times of day: `7:30`, `half past seven`, `quarter to 9`, `7ish`, `noon`, `from 2 to 4pm`.

Where neither morning nor evening is said, both readings stand in the mention, the likelier first: 1 to 7 is meant in
the afternoon, 8 to 11 in the morning, unless the sentence speaks of a part of the day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import time

from callwaiting.understanding.calendar_words import PARTS
from callwaiting.understanding.text import blank

Match = re.Match[str]
Half = str | None  # "am", "pm" or not said


@dataclass(frozen=True, slots=True)
class Clock:
    """A mention of a time. `hour` as said; `half` of the day if that was said. `weak`: a bare number, which is a time
    only when something beside it says so."""

    start: int
    end: int
    hour: int
    minute: int
    half: Half = None
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day that was said."""

    start: int
    end: int
    name: str


_MERIDIEM = r"(?: ?(?:in the |at |this )?(?P<half>a\.? ?m\b\.?|p\.? ?m\b\.?|[ap]\b(?!\.? ?\w*[a-z]{3})))"
_HALF = rf"(?:{_MERIDIEM})?"
_HOUR = r"(?P<hour>\d{1,2})"
_TO = r"to|till|til|of|before"
_FROM = r"past|after"
_ASIDE = r"(?: ?(?:o ?'? ?clock|oclock|clock|ish|-ish|sharp|on the dot))"
_FULL_HOUR = rf"(?P<hour>\d{{1,2}}(?![\d:/])|noon|midday|midnight){_ASIDE}?{_HALF}"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), kind)
    for pattern, kind in (
        (rf"\bhalf (?:past )?{_HOUR}\b{_ASIDE}?{_HALF}", "half"),
        (rf"\b(?:a )?(?P<minute>quarter|\d{{1,2}} ?(?:minutes?|mins?)) (?P<way>{_FROM}|{_TO}) {_FULL_HOUR}", "past"),
        (rf"\b(?P<minute>[1-5]?\d) (?P<way>past) {_FULL_HOUR}", "past"),
        (r"(?:^|(?<=\bat )|(?<=\bto )|(?<=bout )|(?<=round ))"
         rf"(?P<minute>5|10|20|25) (?P<way>after) {_FULL_HOUR}", "past"),
        (r"\b(?P<minute>[1-5]?\d) (?P<way>to) (?P<hour>noon|midday|midnight)\b", "past"),
        (r"\b(?P<hour>\d)(?P<minute>[0-5]\d)(?: ?ish)\b", "clock"),
        (r"(?:(?<=\bat )|(?<=bout )|(?<=round )|(?<=\bby ))(?P<hour>\d)(?P<minute>[0-5]\d)\b"
         rf"(?! [a-z]+ (?:street|road|ave))(?![\d/:%]|\.\d){_ASIDE}?{_HALF}", "clock"),
        (r"(?:(?<=\bat )|(?<=\bby )|(?<=\bsay )|(?<=bout )|(?<=round )|(?<=\bfor )|(?<=\bit )|(?<=fore )|(?<=fter )|^)"
         rf"(?P<minute>5|10|20|25) (?P<way>to) {_FULL_HOUR}", "past"),
        (rf"(?<![\d/.:])(?:(?<!\d\d\d-)|(?<=:\d\d-))\b{_HOUR} ?[:.] ?(?P<minute>[0-5]\d)(?::\d\d)?(?![\d/]|\.\d|%)"
         rf"{_ASIDE}?{_HALF}", "clock"),
        (rf"(?<![\d/.:-])\b{_HOUR}h(?P<minute>[0-5]\d)\b", "24"),
        (rf"\b{_HOUR} (?:oh?|0) (?P<minute>\d)\b{_HALF}", "clock"),
        (rf"(?<![\d/.:$£€])\b(?P<hour>1\d|2[0-3]|0?[1-9]) (?P<minute>[0-5]\d)\b"
         rf"(?! ?(?:people|persons?|guests|%)){_ASIDE}?{_HALF}", "clock"),
        (rf"(?<![\d/.:-])\b(?P<hour>\d{{1,2}})(?P<minute>[0-5]\d){_MERIDIEM}", "clock"),
        (rf"(?<![\d/.:$£€])\b{_HOUR}{_ASIDE}?{_MERIDIEM}", "hour"),
        (rf"(?<![\d/.:-])\b{_HOUR}{_ASIDE}(?![a-z]| (?:people|persons?|guests?|of us|ppl)\b){_HALF}", "hour"),
        (r"(?<![\d/.:-])\b(?P<hour>[01]\d|2[0-4]) ?h\b", "24"),
        (r"\b(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d) (?:hours|hrs)\b", "24"),
        (r"\b(?:12 )?(?:noon|mid-?day)\b(?! (?:special|menu))", "noon"),
        (r"\b(?:12 )?mid-?night\b", "midnight"),
        (r"(?:(?<![\d/.:$£€+-])|(?<=\b\d{4}-))\b(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d)\b"
         r"(?![\d/.:%]\d|-\d{1,3}\b| ?(?:people|persons?|guests))", "weak"),
        (r"(?<![\d/.:$£€+#])\b(?P<hour>\d{1,2})\b(?![\d/:%']|\.\d| ?(?:st|nd|rd|th)\b)", "weak"),
    )
)  # fmt: skip
_PARTS = tuple((re.compile(rf"\b(?:early |late |mid-?)?(?:{pattern})\b"), name) for name, pattern in PARTS.items())
_GREETINGS = re.compile(
    r"\b(?:good|happy) (?:morning|afternoon|evening|night)\b|"
    r"\b(?:christmas|xmas|new year'?s?) eve\b(?! (?:night|party))"
)
_NIGHT = re.compile(r"\bto[- ]?night|this evening|2night\b")


def clocks_in(plain: str) -> list[Clock]:
    """The mentions of times, bare numbers too, in the order of the text."""
    found: list[Clock] = []
    rest = plain
    for pattern, kind in _PATTERNS:
        for match in pattern.finditer(rest):
            clock = _clock(match, kind)
            if clock is not None:
                found.append(clock)
                rest = blank(rest, match.start(), match.end())
    return sorted(found, key=lambda clock: clock.start)


def parts_in(plain: str, undated: str) -> list[Part]:
    """The parts of the day that are said, greetings, eves of feasts and counted nights aside. `undated` is the same
    text with its days blanked out."""
    rest = _GREETINGS.sub(lambda match: "_" * len(match[0]), plain)
    found = [Part(match.start(), match.end(), "evening") for match in _NIGHT.finditer(rest)]
    for pattern, name in _PARTS:
        found += [
            Part(match.start(), match.end(), name)
            for match in pattern.finditer(rest)
            if not (name == "night" and re.search(r"\d $|\ba $", undated[: match.start()]))
            and not any(match.start() < part.end and part.start < match.end() for part in found)
        ]
    return sorted(found, key=lambda part: part.start)


def readings(clock: Clock, parts: list[Part]) -> tuple[time, ...]:
    """The times of day a mention may mean, likeliest first; empty when the clock has no such time."""
    hour, minute = clock.hour, clock.minute
    if hour == 24 and minute == 0:
        hour = 0
    if hour > 23 or minute > 59:
        return ()
    half = clock.half
    if hour > 12 or hour == 0:
        return (time(hour, minute),)
    morning, evening = time(hour % 12, minute), time(hour % 12 + 12, minute)
    if half is None and parts:
        names = {part.name for part in parts}
        if names == {"morning"}:
            half = "am"
        elif names == {"lunch"}:
            half = "am" if hour in (10, 11) else "pm"
        elif names == {"night"}:
            half = "pm" if 5 <= hour <= 11 else "am"
        elif "morning" not in names and names & {"afternoon", "evening"}:
            half = "pm"
    if half is not None:
        return (morning if half == "am" else evening,)
    return (morning, evening) if 8 <= hour <= 11 else (evening, morning)


def in_one_half(first: Clock, second: Clock) -> Clock:
    """`9 to 11am`, `2 to 4 pm`: the first end of a range takes the half of the day from the second where it fits."""
    if first.half is not None or second.half is None or first.hour > 12:
        return first
    fits = first.hour % 12 < second.hour % 12 or (first.hour == second.hour and first.minute < second.minute)
    return replace(first, half=second.half if fits else "am" if second.half == "pm" else "pm")


def _clock(match: Match, kind: str) -> Clock | None:
    groups = match.groupdict()
    if kind == "noon":
        return Clock(match.start(), match.end(), 12, 0, "pm")
    if kind == "midnight":
        return Clock(match.start(), match.end(), 12, 0, "am")
    half = (groups.get("half") or "")[:1] + "m" if groups.get("half") else None
    said = groups["hour"]
    if said in ("noon", "midday", "midnight"):
        said, half = "12", "am" if said == "midnight" else "pm"
    hour, minute = int(said), int(re.sub(r"\D", "", (groups.get("minute") or "0").replace("quarter", "15")))
    if hour > 24 or (hour > 12 and half == "am"):
        return None
    if kind == "24" and hour < 12:
        half = "am"
    if kind == "half":
        minute = 30
    if kind == "past" and not re.fullmatch(_FROM, match["way"]):
        hour, minute = (hour - 1) % 24 or (12 if hour == 1 else 0), 60 - minute
    if kind == "past" and hour == 0:
        hour = 12
    return Clock(match.start(), match.end(), hour, minute, half, weak=kind == "weak")
