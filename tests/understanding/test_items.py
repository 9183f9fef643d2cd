"""Orders: what, how many, how, and without what."""

from __future__ import annotations

import pytest

from callwaiting.understanding import Choice, Group, Item, Slot, Understood, Vocabulary
from tests.understanding.asking import heard

MENU = Vocabulary(
    (
        Item("Cheeseburger", ("burger with cheese",), (Group("extras", (Choice("bacon"), Choice("onions"))),)),
        Item("Margherita pizza"),
        Item("Funghi pizza"),
        Item("Cola", ("coke",)),
        Item("French fries"),
        Item("Lemonade"),
    ),
    (Group("size", (Choice("small"), Choice("large"))), Group("milk", (Choice("Oat milk"), Choice("Soy milk")))),
)


def order(text: str) -> Understood:
    return heard(text, vocabulary=MENU)


def lines(text: str) -> list[tuple[str | None, int | None, dict[str, tuple[str, ...]], tuple[str, ...]]]:
    return [(each.item, each.quantity, dict(each.options), each.removed) for each in order(text).items]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a cheeseburger please", [("Cheeseburger", 1, {}, ())]),
        ("two cheeseburgers and a coke", [("Cheeseburger", 2, {}, ()), ("Cola", 1, {}, ())]),
        ("half a dozen lemonades", [("Lemonade", 6, {}, ())]),
        ("I'd take lemonades, four of them", [("Lemonade", 4, {}, ())]),
        ("a chesseburger", [("Cheeseburger", 1, {}, ())]),
        ("margherita", [("Margherita pizza", 1, {}, ())]),
        ("fries with that", [("French fries", 1, {}, ())]),
        ("a large lemonade with oat milk", [("Lemonade", 1, {"size": ("large",), "milk": ("Oat milk",)}, ())]),
        ("a burger with cheese without onions", [("Cheeseburger", 1, {}, ("onions",))]),
        ("cheeseburger, hold the pickles", [("Cheeseburger", 1, {}, ("pickles",))]),
        (
            "two lemonades, one with oat and the other with soy milk",
            [("Lemonade", 1, {"milk": ("Oat milk",)}, ()), ("Lemonade", 1, {"milk": ("Soy milk",)}, ())],
        ),
        (
            "three lemonades but make one of them large",
            [("Lemonade", 1, {"size": ("large",)}, ()), ("Lemonade", 2, {}, ())],
        ),
        ("two colas, one for me and one for my son", [("Cola", 2, {}, ())]),
        (
            "a small cola and a large lemonade",
            [("Cola", 1, {"size": ("small",)}, ()), ("Lemonade", 1, {"size": ("large",)}, ())],
        ),
        ("remove the fries", [("French fries", 0, {}, ())]),
        ("no cola", [("Cola", 0, {}, ())]),
        ("make that two", [(None, 2, {}, ())]),
        ("with soy milk please", [(None, None, {"milk": ("Soy milk",)}, ())]),
        ("a sushi platter", []),
    ],
)
def test_an_order(
    text: str, expected: list[tuple[str | None, int | None, dict[str, tuple[str, ...]], tuple[str, ...]]]
) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("one pizza", ("Margherita pizza", "Funghi pizza")),
        ("a cola or a lemonade", ("Cola", "Lemonade")),
    ],
)
def test_what_may_be_two_things_is_asked(text: str, candidates: tuple[str, ...]) -> None:
    understood = order(text)

    assert (understood.items, understood.doubtful) == ((), (Slot.ITEMS,))
    assert understood.candidates[Slot.ITEMS] == candidates


def test_a_plural_without_a_number_is_asked() -> None:
    understood = order("lemonades please")

    assert (understood.items[0].quantity, understood.doubtful) == (None, (Slot.QUANTITY,))


@pytest.mark.parametrize(("text", "quantity"), [("three", 3), ("to", 2), ("none", 0), ("one or two", None)])
def test_the_answer_to_how_many(text: str, quantity: int | None) -> None:
    assert heard(text, "quantity").quantity == quantity


def test_refusing_an_ingredient_answers_no_question() -> None:
    assert order("a lemonade with no ice").yes_no is None
    assert order("no, a lemonade with no ice").yes_no is False
