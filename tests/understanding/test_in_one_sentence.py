"""A day, a time and a party mean in one sentence what each means alone, in whatever order they are said."""

from __future__ import annotations

from itertools import product

import pytest

from callwaiting.understanding import Slot
from tests.understanding.asking import heard

DAYS = (
    "tomorrow", "this saturday", "sat", "march 20th", "the 20th of march", "20 march", "april 3", "the 15th",
    "in three days", "the last friday of april", "3/25", "next friday",
)  # fmt: skip
TIMES = (
    "at 7", "seven thirty", "at ten to seven", "quarter past 7", "between 7 and 8", "after 8", "at 5.30 pm",
    "before 9 pm", "no later than 8 pm", "around lunchtime",
)  # fmt: skip
PARTIES = ("", "for two", "for 5", "party of six", "just for one")
ORDERS = ("{day} {time} {party}", "{time} {day} {party}", "{party} {day} {time}", "a table {party} {time} {day} please")


@pytest.mark.parametrize("order", ORDERS)
def test_day_time_and_party_do_not_disturb_each_other(order: str) -> None:
    days = {said: heard(said) for said in DAYS}
    times = {said: heard(said) for said in TIMES}
    parties = {said: heard(f"a table {said}") for said in PARTIES}
    misread = []
    for day, time, party in product(DAYS, TIMES, PARTIES):
        said = " ".join(order.format(day=day, time=time, party=party).split())
        found = heard(said)
        meant = (
            days[day].date, Slot.DATE in days[day].doubtful, times[time].time, parties[party].party_size
        )  # fmt: skip
        if (found.date, Slot.DATE in found.doubtful, found.time, found.party_size) != meant:
            misread.append((said, meant, found.date, found.time, found.party_size, found.doubtful))
    assert misread == []
