"""Ways of saying a day, a time, a party and an order, written from imagination by classes of what people say.

Wednesday, the 4th of March 2026, ten in the morning, in New York."""

from __future__ import annotations

from datetime import datetime

import pytest

from callwaiting.understanding import Slot, Understood, understand
from callwaiting.understanding.vocabulary_forms import vocabulary_from

NOW = datetime(2026, 3, 4, 10)  # noqa: DTZ001 - local
COFFEES = vocabulary_from({
    "items": ["Latte", "Cappuccino", "Americano", "Mocha", "Espresso", "Cold brew", "Hot chocolate", "Drip coffee"],
    "options": {
        "size": ["small", "medium", "large"], "milk": ["whole milk", "oat milk", "almond milk", "soy milk"],
        "temperature": ["iced", "hot", "extra hot"], "sweetener": ["sugar", "honey"],
        "syrup": ["vanilla syrup", "caramel syrup"], "topping": ["whipped cream", "cinnamon"],
        "shots": ["extra shot", "double shot"],
    },
})  # fmt: skip


def heard(text: str, asked: str | None = None) -> Understood:
    return understand(text, now=NOW, timezone="America/New_York", asked=asked, vocabulary=COFFEES)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("no sorry, Thursday instead of Friday", "2026-03-05"),
        ("make that the 10th rather than the 9th", "2026-03-10"),
        ("next month on the 5th", "2026-04-05"),
        ("the last day of March", "2026-03-31"),
        ("the last day of next month", "2026-04-30"),
        ("a table tonite", "2026-03-04"),
        ("2026-03-20T18:00", "2026-03-20"),
        ("wednesday week", "2026-03-18"),
        ("two days before new year's eve", "2026-12-29"),
        ("not the 5th but the 6th", "2026-03-06"),
        ("I called yesterday about a table for Friday", "2026-03-06"),
        ("march twentieth twenty twenty six", "2026-03-20"),
    ],
)
def test_days(text: str, day: str) -> None:
    found = heard(text)
    assert found.date is not None
    assert (found.date.isoformat(), Slot.DATE in found.doubtful) == (day, False)


@pytest.mark.parametrize(
    "text", ["the following Friday", "Sunday after next", "can we come 15 minutes later", "the Tuesday after Easter"]
)
def test_days_that_are_asked_about(text: str) -> None:
    assert Slot.DATE in heard(text).doubtful


@pytest.mark.parametrize(
    ("text", "asked", "time"),
    [
        ("around sixish", None, "18:00"), ("can you push my 6 pm booking to 7", None, "19:00"),
        ("5 to 3 in the afternoon", None, "14:55"), ("at twenty to eight in the evening", None, "19:40"),
        ("seven oh five pm", None, "19:05"), ("half twelve", None, "12:30"), ("sorry I meant 8 not 7", "time", "20:00"),
        ("2026-03-20T18:00", None, "18:00"), ("at 18h30", None, "18:30"), ("a quarter till 5 pm", None, "16:45"),
    ],
)  # fmt: skip
def test_times(text: str, asked: str | None, time: str) -> None:
    found = heard(text, asked)
    assert found.time is not None
    assert time in {f"{found.time:%H:%M}", *found.candidates.get(Slot.TIME, ())}


@pytest.mark.parametrize(
    ("text", "asked", "party"),
    [
        ("3 and a baby", "people", 4), ("about ten", "people", 10), ("me plus four", "people", 5),
        ("change the number of guests from 4 to 6", None, 6), ("four of us at four on the fourth", None, 4),
        ("table for two at two on 2/2", None, 2), ("we will be seven now, not eight", None, 7),
        ("my wife, my daughter and me", None, 3), ("a party of 20 on the 20th at 20:00", None, 20),
        ("we're two couples", None, 4), ("dinner at 8 on the 8th for 8", None, 8), ("a table for myself", None, 1),
    ],
)  # fmt: skip
def test_parties(text: str, asked: str | None, party: int) -> None:
    found = heard(text, asked)
    assert (found.party_size, Slot.PARTY_SIZE in found.doubtful) == (party, False)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("large latte with two sugars", ["1 Latte: large, sugar"]),
        ("latte with oat milk instead of whole milk", ["1 Latte: oat milk"]),
        ("one cappuccino and one latte, both with oat milk", ["1 Cappuccino: oat milk", "1 Latte: oat milk"]),
        ("a latte, an espresso and a mocha, all large", ["1 Latte: large", "1 Espresso: large", "1 Mocha: large"]),
        ("two mochas, both large", ["2 Mocha: large"]),
        ("small mocha. actually make that a large", ["1 Mocha: large"]),
        ("two lattes, no make it three", ["3 Latte"]),
        ("three coffees: one latte, one mocha and a cappuccino", ["1 Latte", "1 Mocha", "1 Cappuccino"]),
        ("one iced caramel latte, large, and one hot vanilla latte, small",
         ["1 Latte: caramel syrup, iced, large", "1 Latte: hot, small, vanilla syrup"]),
        ("one small and one large cold brew", ["1 Cold brew: small", "1 Cold brew: large"]),
        ("two large and three small lattes", ["2 Latte: large", "3 Latte: small"]),
        ("one medium and one large latte both iced", ["1 Latte: iced, medium", "1 Latte: iced, large"]),
        ("a mocha with extra whipped cream", ["1 Mocha: whipped cream"]),
        ("four americanos, two of them iced", ["2 Americano: iced", "2 Americano"]),
        ("espresso with an extra shot", ["1 Espresso: extra shot"]),
    ],
)  # fmt: skip
def test_orders(text: str, lines: list[str]) -> None:
    found = []
    for line in heard(text).items:
        options = sorted(value for values in line.options.values() for value in values)
        found.append(f"{line.quantity} {line.item}" + (f": {', '.join(options)}" if options else ""))
    assert found == lines
