"""What a caller means."""

from __future__ import annotations

from uuid import uuid4

import pytest

from callwaiting.core.money import Money
from callwaiting.features.calls import counting, naming, understanding
from callwaiting.features.calls.state import Wish
from callwaiting.features.calls.vocabulary import Command, Intent
from callwaiting.features.catalogue.service import Item, words_of


def _item(name: str, *aliases: str) -> Item:
    return Item(uuid4(), name, aliases, Money(100, "USD"), None)


MARGHERITA, PEPPERONI = _item("Margherita pizza", "margherita"), _item("Pepperoni pizza")
COLA, CHEESE, FISH, SEVEN_UP = _item("Cola", "coke"), _item("Cheese board"), _item("Fish & chips"), _item("Seven Up")
MENU = (MARGHERITA, PEPPERONI, COLA, CHEESE, FISH, SEVEN_UP)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("one", 1), ("nineteen", 19), ("twenty", 20), ("twenty two", 22), ("twenty-two", 22), ("ninety nine", 99),
        ("a couple", 2), ("a couple of", 2), ("a pair", 2), ("two dozen", 24),
        ("half a dozen", 6), ("a dozen", 12), ("12", 12), ("I'd like 3", 3),
        ("too", 2), ("for", 4), ("none", 0), ("no", 0),
    ],
)  # fmt: skip
def test_quantities(text: str, value: int) -> None:
    assert counting.quantity_in("", words_of(text)) == value


@pytest.mark.parametrize("text", ["two or three", "two hundred", "100", "999999999999", "lots", "", "one hundred"])
def test_what_is_no_quantity(text: str) -> None:
    assert counting.quantity_in("", words_of(text)) is None


@pytest.mark.parametrize(
    ("digits", "value"), [("1", 1), ("99", 99), ("0", 0), ("100", None), ("*", None), ("1*", None)]
)
def test_keyed_quantities(digits: str, value: int | None) -> None:
    assert counting.quantity_in(digits, ()) == value


@pytest.mark.parametrize(
    "text",
    ["yes", "Yes, please.", "yeah", "yep that's right", "that is correct", "go ahead", "sure please", "OK",
     "sounds good", "book both please", "ya", "place the order", "yes thank you"],
)  # fmt: skip
def test_plain_yes(text: str) -> None:
    assert understanding.yes_or_no(words_of(text)) is True


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "Nope.",
        "never mind",
        "I don't have one",
        "Friday doesn't work for me",
        "no thanks",
        "that's not right",
        "that's wrong",
        "don't",
        "no, thank you",
    ],
)
def test_plain_no(text: str) -> None:
    assert understanding.yes_or_no(words_of(text)) is False


@pytest.mark.parametrize(
    "text",
    ["", "I'm good, thanks", "no worries", "not bad", "is that right?", "right now", "I don't mind", "maybe",
     "yes but make it two", "yes and a cola", "yes no", "the yes men", "um", "I said the right one there",
     "yes if it is free", "what", "are you sure it is right tomorrow"],
)  # fmt: skip
def test_neither_yes_nor_no(text: str) -> None:
    assert understanding.yes_or_no(words_of(text)) is None


@pytest.mark.parametrize(
    ("text", "wishes"),
    [
        ("two margheritas and a cola", ((MARGHERITA, 2), (COLA, 1))),
        ("margherita", ((MARGHERITA, None),)),
        ("a margherita", ((MARGHERITA, 1),)),
        ("margherita pizza and cola", ((MARGHERITA, 1), (COLA, 1))),
        ("cola times three", ((COLA, 3),)),
        ("cola two please", ((COLA, 2),)),
        ("can I get twenty two cokes", ((COLA, 22),)),
        ("two seven ups and one fish and chips", ((SEVEN_UP, 2), (FISH, 1))),
        ("a pepperoni with extra cheese and two colas", ((PEPPERONI, 1), (COLA, 2))),
        ("two margherita pizzas", ((MARGHERITA, 2),)),
        ("three hundred colas", ((COLA, None),)),
        ("0 colas", ((COLA, None),)),
    ],
)  # fmt: skip
def test_items_with_their_quantities(text: str, wishes: tuple[tuple[Item, int | None], ...]) -> None:
    found = naming.wishes_in(words_of(text), MENU)
    assert found == tuple(Wish((item.id,), quantity) for item, quantity in wishes)


@pytest.mark.parametrize("text", ["no cola", "a margherita without cola", "I don't want a cola", "hello there", ""])
def test_a_denied_item_is_not_ordered(text: str) -> None:
    assert naming.wishes_in(words_of(text), MENU) == ()


def test_this_or_that_is_not_decided() -> None:
    [wish] = naming.wishes_in(words_of("a margherita or a pepperoni"), MENU)
    assert set(wish.item_ids) == {MARGHERITA.id, PEPPERONI.id}
    [wish] = naming.wishes_in(words_of("two pizzas"), MENU)
    assert set(wish.item_ids) == {MARGHERITA.id, PEPPERONI.id}
    assert wish.quantity == 2


@pytest.mark.parametrize(
    "text", ["that's all", "No, that's it", "nothing else thanks", "I'm done", "no", "no thank you", "no more", "nope"]
)
def test_done(text: str) -> None:
    assert understanding.says_done(words_of(text))


@pytest.mark.parametrize("text", ["", "please", "no cola", "that's all wrong", "yes"])
def test_not_done(text: str) -> None:
    assert not understanding.says_done(words_of(text))


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("I want to talk to a human", Command.PERSON),
        ("speak to somebody", Command.PERSON),
        ("Operator!", Command.PERSON),
        ("say that again", Command.REPEAT),
        ("please repeat", Command.REPEAT),
        ("let's start over", Command.START_OVER),
        ("start again", Command.START_OVER),
        ("stop texting me", Command.STOP_TEXTS),
        ("I don't want any texts", Command.STOP_TEXTS),
        ("take me off your list", Command.STOP_TEXTS),
        ("please don't text me", Command.STOP_TEXTS),
        ("no more text messages", Command.STOP_TEXTS),
        ("a margherita please", None),
        ("I did not get your text", None),
        ("stop", None),
    ],
)
def test_commands(text: str, command: Command | None) -> None:
    assert understanding.command_in(words_of(text)) == command


def test_intents() -> None:
    assert understanding.intent_in(words_of("I'd like to order")) is Intent.ORDER
    assert understanding.intent_in(words_of("a table for two")) is Intent.BOOK
    assert understanding.intent_in(words_of("order a booking")) is None
    assert understanding.intent_in(words_of("hello")) is None


@pytest.mark.parametrize(
    ("text", "position"),
    [("the first one", 0), ("second", 1), ("two", 1), ("option three", 2), ("four", None), ("3 pm", None), ("", None)],
)
def test_positions(text: str, position: int | None) -> None:
    assert counting.position_in("", words_of(text), 3) == position
