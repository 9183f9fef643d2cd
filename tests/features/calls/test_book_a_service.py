"""Whole calls, signed and stored, that book a service with somebody, or a table for so many."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings import services
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.bookings.models import Booking, BookingService
from tests.factories.bookings import create_salon, create_tables
from tests.factories.telephone import Telephone, amounts
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.paper_shop import NOW


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def _bookings(pizzeria: Pizzeria) -> list[Booking]:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return list(session.scalars(select(Booking).where(Booking.state == "confirmed").order_by(Booking.id)))


def test_a_haircut_with_ben(pizzeria: Pizzeria, phone: Telephone) -> None:
    made = create_salon(pizzeria.worker, pizzeria.scope)
    phone.dial()
    heard = phone.speak("I'd like a haircut with Ben tomorrow at three")
    assert "I am holding tomorrow at 3 PM for you, Haircut with Ben, $40.00." in heard
    assert "You are booked tomorrow at 3 PM, Haircut with Ben, $40.00." in phone.speak("yes")
    [booking] = _bookings(pizzeria)
    assert (booking.service_id, booking.resource_id) == (made["Haircut"], made["Ben"])
    length = booking.period.upper - booking.period.lower  # type: ignore[operator]  # it has both bounds
    assert length.total_seconds() == 45 * 60


def test_a_deposit_is_said_and_texted_and_confirms_the_booking(pizzeria: Pizzeria, phone: Telephone) -> None:
    made = create_salon(pizzeria.worker, pizzeria.scope)
    with_deposit(pizzeria, made["Haircut"], 1000)
    phone.dial()
    heard = phone.speak("I'd like a haircut with Ben tomorrow at three")
    assert "Haircut with Ben, $40.00. A deposit of $10.00 is due now, by a link that we text you." in heard
    heard = phone.speak("yes")
    assert "I am keeping tomorrow at 3 PM for you, Haircut with Ben, $40.00." in heard
    assert "a link to pay the deposit of $10.00, until today at" in heard
    assert phone.over
    assert _bookings(pizzeria) == []
    [(kind, _, body)] = pizzeria.texts()
    assert (kind, amounts(body)) == ("booking_deposit", [1000])
    [order] = pizzeria.orders()
    assert (order.due.minor, order.call_id) == (1000, None)


@pytest.mark.parametrize("answer", ["yes", "no"])
def test_without_texts_there_is_no_link_so_the_caller_is_asked(pizzeria: Pizzeria, answer: str) -> None:
    made = create_salon(pizzeria.worker, pizzeria.scope)
    with_deposit(pizzeria, made["Haircut"], 1000)
    first = pizzeria.phone()
    first.dial()
    first.speak("stop texting me")
    phone = pizzeria.phone()
    phone.dial()
    phone.speak("I'd like a haircut with Ben tomorrow at three")
    assert "The payment link comes by text, but you asked us not to text you." in phone.speak("yes")
    heard = phone.speak(answer)
    assert ("I am keeping tomorrow at 3 PM" in heard) == (answer == "yes")
    assert ("nothing was booked" in heard) == (answer == "no")
    assert len(pizzeria.orders()) == int(answer == "yes")


def with_deposit(pizzeria: Pizzeria, service_id: UUID, minor: int) -> None:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        session.execute(update(BookingService).where(BookingService.id == service_id).values(deposit_minor=minor))


def test_whoever_is_free_does_it_and_a_move_stays_within_the_service(pizzeria: Pizzeria, phone: Telephone) -> None:
    made = create_salon(pizzeria.worker, pizzeria.scope)
    for name in ("Anna", "Ben"):
        phone = pizzeria.phone(caller="+14155550188")
        phone.dial()
        assert f"Haircut with {name}" in phone.speak("a haircut tomorrow at ten")
        phone.press("1")
    other = pizzeria.phone()
    other.dial()
    assert "Sorry, that time is not free." in other.speak("a haircut tomorrow at 10 am")
    other.speak("tomorrow at noon")
    other.press("1")
    again = pizzeria.phone()
    again.dial()
    assert "You are booked tomorrow at 12 PM for Haircut." in again.speak("move my appointment tomorrow")
    assert "Shall I move your booking to tomorrow at 4 PM with Anna?" in again.speak("four pm please")
    assert "You are now booked tomorrow at 4 PM" in again.press("1")
    assert {booking.service_id for booking in _bookings(pizzeria)} == {made["Haircut"]}


def test_a_service_that_is_taken_off_while_it_is_talked_about(pizzeria: Pizzeria, phone: Telephone) -> None:
    made = create_salon(pizzeria.worker, pizzeria.scope)
    phone.dial()
    phone.speak("book a beard trim")
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        trim = services.service(session, made["Beard trim"])
        gone = {name: getattr(trim, name) for name in services.Description.__dataclass_fields__} | {"active": False}
        services.change_service(session, trim.id, trim.version, services.Description(**gone))
    assert "Sorry, that is not offered any more." in phone.speak("tomorrow at ten")
    assert _bookings(pizzeria) == []


def test_a_table_for_as_many_as_come(pizzeria: Pizzeria, phone: Telephone) -> None:
    made = create_tables(pizzeria.worker, pizzeria.scope)
    phone.dial()
    assert "For how many people?" in phone.speak("book a table tomorrow at noon")
    assert "I am holding tomorrow at 12 PM for you, for 2 people." in phone.press("2")
    assert "I am holding tomorrow at 12 PM for you, for 5 people." in phone.speak("make that for five people")
    phone.press("1")
    other = pizzeria.phone(caller="+14155550188")
    other.dial()
    assert "Sorry, that time is not free." in other.speak("a table for 3 tomorrow at noon")
    assert "I can book for up to 6 people." in other.speak("for seven people then")
    [booking] = _bookings(pizzeria)
    assert (booking.party_size, booking.resource_id) == (5, made["Large table"])


def test_no_hold_is_too_small_for_the_party(pizzeria: Pizzeria) -> None:
    made = create_tables(pizzeria.worker, pizzeria.scope)
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        small = bookings.free_slots(session, limit=1, party=2)[0]
        assert small.resource_id == made["Small table"]
        with pytest.raises(SlotTaken):
            bookings.hold_slot(session, small, call_id=None, caller_id=None, party=3)
