"""Which item is meant."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from callwaiting.core.money import Money
from callwaiting.features.catalogue.service import Item, part_match, whole_match, words_of
from callwaiting.features.catalogue.words import singular


def _item(name: str, *aliases: str) -> Item:
    return Item(uuid4(), name, aliases, Money(100, "USD"), None)


MARGHERITA, PEPPERONI = _item("Margherita pizza", "margherita"), _item("Pepperoni Deluxe Pizza")
COLA, MAC, FISH, LUIGI = _item("Cola", "coke"), _item("Mac and cheese"), _item("Fish & chips"), _item("Luigi’s Café")
MENU = (MARGHERITA, PEPPERONI, COLA, MAC, FISH, LUIGI)


def _whole(text: str) -> tuple[UUID, ...]:
    match = whole_match(MENU, words_of(text), 0)
    return match.item_ids if match else ()


def _part(text: str) -> tuple[UUID, ...]:
    match = part_match(MENU, words_of(text), 0)
    return match.item_ids if match else ()


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("Margheritas!", MARGHERITA),
        ("margherita pizzas", MARGHERITA),
        ("COKES", COLA),
        ("co la", COLA),
        ("margheritapizza", MARGHERITA),
        ("fishchips", FISH),
        ("luigis ca fe", LUIGI),
        ("mac & cheese", MAC),
        ("macs and cheese", MAC),
        ("fish and chips", FISH),
        ("Luigis cafe", LUIGI),
        ("luigi's cafés", LUIGI),
    ],
)
def test_whole_names_in_any_form(text: str, item: Item) -> None:
    assert _whole(text) == (item.id,)


def test_a_whole_name_takes_all_its_words() -> None:
    match = whole_match(MENU, words_of("two fish and chips please"), 1)
    assert match is not None
    assert match.length == 3


@pytest.mark.parametrize(
    ("text", "item"), [("pepperoni", PEPPERONI), ("pepperoni pizza", PEPPERONI), ("deluxe pizza", PEPPERONI)]
)
def test_parts_that_only_one_item_has(text: str, item: Item) -> None:
    assert _part(text) == (item.id,)


def test_a_part_of_several_names_is_not_decided() -> None:
    assert set(_part("pizza")) == {MARGHERITA.id, PEPPERONI.id}


@pytest.mark.parametrize("text", ["and", "the", "lasagne", "piz", "", "s"])
def test_what_names_nothing(text: str) -> None:
    assert _part(text) == ()
    assert _whole(text) == ()


@pytest.mark.parametrize(
    ("plural", "one"),
    [("fries", "fry"), ("boxes", "box"), ("sandwiches", "sandwich"), ("glasses", "glass"), ("colas", "cola"),
     ("glass", "glass"), ("bus", "bus"), ("is", "is"), ("potatoes", "potato"), ("pies", "pie")],
)  # fmt: skip
def test_plurals(plural: str, one: str) -> None:
    assert singular(plural) == one
