"""Parties, names and telephone numbers."""

from __future__ import annotations

import pytest

from callwaiting.understanding import Names, Slot
from tests.understanding.asking import heard


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("a table for four", 4),
        ("party of eleven tomorrow at 8 pm", 11),
        ("there will be nine of us", 9),
        ("two adults and three kids", 5),
        ("me and my husband", 2),
        ("my wife, our two girls and myself", 4),
        ("just me", 1),
        ("five plus myself", 6),
        ("I booked for 4 people, could you make it 6 people", 6),
        ("table for 2 at 7", 2),
        ("at 7 for 3 please", 3),
        ("a couple of friends and I", 3),
        ("a table at 7:30", None),
        ("the kids menu", None),
        ("a room for three nights", None),
    ],
)
def test_party(text: str, size: int | None) -> None:
    assert heard(text).party_size == size


@pytest.mark.parametrize(
    ("text", "asked", "size"), [("six", "people", 6), ("too", "party_size", 2), ("six", None, None)]
)
def test_a_bare_number_is_a_party_when_that_was_asked(text: str, asked: str | None, size: int | None) -> None:
    assert heard(text, asked).party_size == size


def test_whether_the_caller_comes_along_is_asked() -> None:
    understood = heard("it is for my mother and two cousins")

    assert Slot.PARTY_SIZE in understood.doubtful
    assert understood.candidates[Slot.PARTY_SIZE] == ("3", "4")


def test_guests_without_a_number_are_asked() -> None:
    understood = heard("for my nephews and me")

    assert (understood.party_size, understood.doubtful) == (None, (Slot.PARTY_SIZE,))


@pytest.mark.parametrize(
    ("text", "asked", "names"),
    [
        ("my name is Rosa Delgado", None, Names("Rosa", "Delgado")),
        ("it's under the name Okafor", "last_name", Names(None, "Okafor")),
        ("a table for two for Priya Nair at eight", None, Names("Priya", "Nair")),
        ("Tom Baxter is the name", None, Names("Tom", "Baxter")),
        ("my first name is Ida and my last name is Holm", None, Names("Ida", "Holm")),
        ("this is Liam O'Neill, I am running late", None, Names("Liam", "O'Neill")),
        ("yes, Mei Lin", "name", Names("Mei", "Lin")),
        ("im fatima", None, Names("fatima")),
        ("I'm sorry, I am looking for a table", None, None),
        ("for Tuesday, December 8", None, None),
        ("next friday", "name", None),
    ],
)
def test_names(text: str, asked: str | None, names: Names | None) -> None:
    assert heard(text, asked).names == names


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("my number is 415 555 0132", "+14155550132"),
        ("four one five, five five five, oh one three two", "+14155550132"),
        ("it's four one five triple five zero one double three", "+14155550133"),
        ("+44 20 7946 0018", "+442079460018"),
        ("a table for 4 at 7:30", None),
    ],
)
def test_phone(text: str, phone: str | None) -> None:
    assert heard(text, "phone").phone == phone
