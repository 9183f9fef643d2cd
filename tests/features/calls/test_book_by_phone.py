"""Whole calls that book a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from callwaiting.core import clock
from callwaiting.features.bookings import special_days
from callwaiting.features.bookings.models import Booking
from callwaiting.features.calls import service as calls
from tests.factories.bookings import create_resource
from tests.factories.telephone import Telephone
from tests.features.calls.conftest import Pizzeria

MORNING = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)  # half past eight in New York


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.frozen(MORNING):
        yield


@pytest.fixture
def salon(pizzeria: Pizzeria) -> Pizzeria:
    create_resource(pizzeria.worker, pizzeria.scope)
    return pizzeria


def _bookings(pizzeria: Pizzeria) -> list[Booking]:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return list(session.scalars(select(Booking).order_by(Booking.id)))


def test_a_booking_by_keys_alone(salon: Pizzeria, phone: Telephone) -> None:
    assert "To book a time, press 2." in phone.dial()
    heard = phone.press("2")
    assert "For today at 9 AM, press 1. For today at 10 AM, press 2. For today at 11 AM, press 3." in heard
    assert "I am holding today at 10 AM" in phone.press("2")
    [held] = _bookings(salon)
    assert (held.state, held.hold_expires_at) == ("held", MORNING + timedelta(minutes=3))
    assert "You are booked today at 10 AM. We are texting you a confirmation." in phone.press("1")
    assert phone.over
    [booking] = _bookings(salon)
    assert (booking.state, booking.unit, booking.hold_expires_at) == ("confirmed", 1, None)
    [(kind, status, body)] = salon.texts()
    assert (kind, status) == ("booking_confirmation", "planned")
    assert "today at 10 AM (Tue, Mar 3)" in body
    for word in ("CANCEL", "YES", "END"):
        assert word not in body.split()
    assert salon.calls()[0].outcome == "booking"


def test_a_booking_by_speech_and_another_time(salon: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("I would like an appointment")
    phone.speak("the first one")
    assert "For today at 9 AM, press 1." in phone.speak("no")
    phone.speak("third")
    assert "You are booked today at 11 AM" in phone.speak("yes please")
    assert [row.state for row in _bookings(salon)] == ["cancelled", "confirmed"]


def test_two_callers_choose_the_same_time(salon: Pizzeria, phone: Telephone) -> None:
    other = salon.phone(caller="+14155550124")
    for caller in (phone, other):
        caller.dial()
        caller.press("2")
    phone.press("1")
    heard = other.press("1")
    assert "That time has just been taken. The next free times are: For today at 10 AM, press 1." in heard
    phone.press("1")
    other.press("1")
    other.press("1")
    assert sorted(row.period.lower for row in _bookings(salon) if row.state == "confirmed" and row.period.lower) == [
        MORNING + timedelta(minutes=30),
        MORNING + timedelta(minutes=90),
    ]


@pytest.mark.parametrize("yes", [False, True])
def test_who_hangs_up_before_the_yes_keeps_no_time_from_others(salon: Pizzeria, phone: Telephone, yes: bool) -> None:
    phone.dial()
    phone.press("2")
    phone.press("1")
    if yes:
        phone.press("1")
    for _ in range(2):
        with salon.worker.database.unit_of_work(salon.scope) as session:
            calls.apply_status(session, phone.call_sid, "completed", 1, None)
    assert [row.state for row in _bookings(salon)] == ["confirmed" if yes else "cancelled"]
    other = salon.phone(caller="+14155550124")
    other.dial()
    assert ("For today at 9 AM, press 1." in other.press("2")) is not yes  # a moment later, well within the hold
    if not yes:
        assert "That time has just been taken" in phone.press("1")  # a turn that comes after the end of its call


def test_a_hold_that_ran_out_and_was_taken(salon: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.press("2")
    phone.press("1")
    other = salon.phone(caller="+14155550124")
    with clock.frozen(MORNING + timedelta(minutes=4)):
        other.dial()
        other.press("2")
        other.press("1")
        other.press("1")
        assert "That time has just been taken." in phone.press("1")
    assert [row.state for row in _bookings(salon)] == ["expired", "confirmed"]


def test_a_hold_that_ran_out_but_nobody_took(salon: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.press("2")
    phone.press("1")
    with clock.frozen(MORNING + timedelta(minutes=10)):
        assert "You are booked today at 9 AM" in phone.press("1")


def test_today_is_closed_and_then_everything(pizzeria: Pizzeria, phone: Telephone) -> None:
    chair = create_resource(pizzeria.worker, pizzeria.scope)
    phone.dial()
    assert "For today at 9 AM, press 1." in phone.press("2")
    _close(pizzeria, chair, 0)
    heard = phone.press("1")
    assert "That time has just been taken. The next free times are: For tomorrow at 9 AM" in heard
    _close(pizzeria, chair, *range(1, 15))
    heard = phone.press("1")
    assert "There are no free times in the next two weeks. To place an order" in heard
    assert _bookings(pizzeria) == []


def _close(pizzeria: Pizzeria, chair: UUID, *days: int) -> None:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        for number in days:
            day = MORNING.date() + timedelta(days=number)
            special_days.add_special_day(session, day=day, resource_id=chair, openings=[], note="", bookings="keep")


def test_an_anonymous_caller_gives_a_number(salon: Pizzeria) -> None:
    phone = salon.phone(caller="anonymous")
    phone.dial()
    phone.press("2")
    phone.press("1")
    assert "enter your mobile number" in phone.press("1")
    assert "You are booked" in phone.press("4155550123")
    [booking] = _bookings(salon)
    assert booking.caller_id is not None
    assert [kind for kind, _, _ in salon.texts()] == ["booking_confirmation"]


def test_starting_over_gives_the_time_back(salon: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.press("2")
    phone.press("1")
    assert "Okay, let us start over. To place an order" in phone.speak("start over")
    assert "For today at 9 AM, press 1." in phone.press("2")


def test_a_caller_who_stopped_texts_is_booked_without_one(salon: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("do not text me")
    phone.press("2")
    phone.press("1")
    assert phone.press("1") == "You are booked today at 9 AM. Goodbye."
    assert [(kind, status) for kind, status, _ in salon.texts()] == [("booking_confirmation", "suppressed")]


def test_without_anything_to_book_it_is_not_offered(pizzeria: Pizzeria, phone: Telephone) -> None:
    assert "press 2" not in phone.dial()
    assert "Sorry, I did not get that." in phone.press("2")
