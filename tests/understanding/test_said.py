"""A thousand sentences of our own, by kinds of what people say, each with what it means: the files in `said/`, whose
heads explain their notation. All that are misread are shown at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from pathlib import Path

import pytest

from callwaiting.understanding import Slot, Understood
from callwaiting.understanding.vocabulary_forms import vocabulary_from
from tests.understanding.asking import heard
from tests.understanding.test_more_ways import COFFEES

FOLDER = Path(__file__).with_name("said")
SIZES = {"size": ["small", "large", "extra large"]}
TOPPINGS = ["lettuce", "onion", "tomato", "bacon", "mayonnaise", "cheese", "pepperjack", "blue cheese", "guacamole"]
SNACKS = vocabulary_from({
    "items": [
        {"name": "Burger", "options": {"toppings": TOPPINGS}},
        {"name": "Fries", "aliases": ["Chips"], "options": SIZES},
        {"name": "Sweet potato fries", "options": SIZES}, {"name": "Cola", "options": SIZES}, "Milkshake", "Guacamole",
        {"name": "Chicken and bacon wrap", "aliases": ["Wrap"], "options": {"toppings": TOPPINGS}},
    ],
})  # fmt: skip


def sentences(name: str) -> list[tuple[str, str]]:
    lines = (FOLDER / f"{name}.txt").read_text().splitlines()
    told = [line.rpartition(" | ") for line in lines if not line.startswith("#")]
    return [(said, meant) for said, _, meant in told]


def day_is(found: Understood, meant: str) -> bool:
    doubtful = Slot.DATE in found.doubtful
    stretch = [f"{end:%m-%d}" for end in _ends(found) if isinstance(end, date)]
    value = None if found.date is None else found.date.isoformat().removeprefix("2026-")
    if meant == "-":
        return (value, doubtful, stretch) == (None, False, [])
    if meant == "?":
        return doubtful or value is None
    if ".." in meant:
        return stretch == meant.split("..")
    if meant.endswith("?"):
        readings = [reading.removeprefix("2026-") for reading in found.candidates.get(Slot.DATE, ())]
        return meant[:-1] in (value, *readings)
    return (value, doubtful) == (meant, False)


def time_is(found: Understood, meant: str) -> bool:
    doubtful = Slot.TIME in found.doubtful
    value = None if found.time is None else f"{found.time:%H:%M}"
    if meant == "-":
        return (value, doubtful) == (None, False)
    if meant == "?":
        return doubtful
    if ".." in meant:
        wanted = [time.fromisoformat(end) for end in meant.split("..")]
        ends = [end for end in _ends(found) if isinstance(end, time)]
        return wanted in (ends, [_other_half(end) for end in ends] if Slot.TIME in found.candidates else [])
    readings = {value, *found.candidates.get(Slot.TIME, ())}
    return value is not None and readings == set(meant.split("/")) and not doubtful


def party_is(found: Understood, meant: str) -> bool:
    doubtful = Slot.PARTY_SIZE in found.doubtful
    if meant == "-":
        return found.party_size is None
    if meant == "?":
        return doubtful or found.party_size is None
    if meant.endswith("?"):
        return meant[:-1] in (str(found.party_size), *found.candidates.get(Slot.PARTY_SIZE, ()))
    return (str(found.party_size), doubtful) == (meant, False)


def order_is(found: Understood, meant: str) -> bool:
    if meant == "?":
        return Slot.ITEMS in found.doubtful
    if meant.endswith(" ?q"):
        return Slot.QUANTITY in found.doubtful
    lines = []
    for line in found.items:
        options = ", ".join(sorted(value for values in line.options.values() for value in values))
        removed = "".join(f" -{each}" for each in sorted(line.removed))
        count = "" if line.item is None else f"{line.quantity} "
        lines.append(f"{count}{line.item}{f': {options}' if options else ''}{removed}")
    return sorted(lines) == ([] if meant == "-" else sorted(meant.removeprefix("1 None").split("; ")))


def _ends(found: Understood) -> tuple[date | time | None, ...]:
    return () if found.period is None else (found.period.begin, found.period.end)


def _other_half(end: time) -> time:
    return end.replace(hour=(end.hour + 12) % 24)


@pytest.mark.parametrize(
    ("name", "is_meant"), [("days", day_is), ("times", time_is), ("parties", party_is), ("orders", order_is)]
)
def test_what_is_said_is_what_is_understood(name: str, is_meant: Callable[[Understood, str], bool]) -> None:
    said = sentences(name)
    assert len(said) > 190
    assert [(text, meant) for text, meant in said if not is_meant(heard(text, vocabulary=COFFEES), meant)] == []


def test_dishes_with_options_of_their_own() -> None:
    said = sentences("dishes")
    assert len(said) > 35
    assert [(text, meant) for text, meant in said if not order_is(heard(text, vocabulary=SNACKS), meant)] == []
