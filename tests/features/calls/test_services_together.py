"""Several services in one call, signed and stored: one right behind the other, all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.bookings.models import Booking, BookingService
from callwaiting.features.bookings.service import Slot
from tests.factories.bookings import create_salon
from tests.factories.telephone import Telephone
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.paper_shop import NOW

BOTH = "a haircut and a beard trim tomorrow at two"


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def salon(pizzeria: Pizzeria) -> dict[str, UUID]:
    made = create_salon(pizzeria.worker, pizzeria.scope)
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        session.execute(update(BookingService).values(step_minutes=15))
    return made


def _bookings(pizzeria: Pizzeria, *states: str) -> list[Booking]:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        found = select(Booking).where(Booking.state.in_(states)).order_by(Booking.period)
        return list(session.scalars(found))


def _hours(booking: Booking) -> tuple[str, str]:
    start, end = booking.period.lower, booking.period.upper
    assert start is not None
    assert end is not None
    return f"{start:%H:%M}", f"{end:%H:%M}"


def test_both_with_one_yes(pizzeria: Pizzeria, phone: Telephone, salon: dict[str, UUID]) -> None:
    phone.dial()
    heard = phone.speak(BOTH)
    assert "Haircut with Ben, $40.00, then at 2:45 PM Beard trim, $15.00. To book both, press 1" in heard
    assert len(_bookings(pizzeria, "held")) == 2
    assert _bookings(pizzeria, "confirmed") == []
    assert "You are booked tomorrow at 2 PM, Haircut with Ben" in phone.speak("yes")
    cut, trim = _bookings(pizzeria, "confirmed")
    assert (cut.service_id, trim.service_id) == (salon["Haircut"], salon["Beard trim"])
    assert {cut.resource_id, trim.resource_id} == {salon["Ben"]}
    assert (_hours(cut)[1], _hours(trim)[0]) == (_hours(trim)[0], _hours(cut)[1])
    assert [kind for kind, _, _ in pizzeria.texts()] == ["booking_confirmation"] * 2


@pytest.mark.parametrize("last", ["no", "start over", "hang up"])
def test_without_the_yes_neither_is_kept(
    pizzeria: Pizzeria, phone: Telephone, salon: dict[str, UUID], last: str
) -> None:
    phone.dial()
    phone.speak(BOTH)
    if last == "hang up":
        with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
            bookings.release_of_call(session, pizzeria.calls()[0].id)
    else:
        phone.speak(last)
    assert _bookings(pizzeria, "held", "confirmed") == []


def test_when_one_is_lost_neither_is_booked(pizzeria: Pizzeria, phone: Telephone, salon: dict[str, UUID]) -> None:
    phone.dial()
    phone.speak(BOTH)
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        session.execute(update(Booking).where(Booking.service_id == salon["Beard trim"]).values(state="expired"))
    assert "That time has just been taken." in phone.speak("yes")
    assert _bookings(pizzeria, "held", "confirmed") == []
    assert pizzeria.texts() == []


def test_the_second_begins_behind_the_buffers(pizzeria: Pizzeria, phone: Telephone, salon: dict[str, UUID]) -> None:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        session.execute(update(BookingService).where(BookingService.name == "Haircut").values(buffer_after=10))
    phone.dial()
    assert "then at 3 PM Beard trim" in phone.speak(BOTH)


def test_callers_at_the_same_moment_share_no_time(pizzeria: Pizzeria, salon: dict[str, UUID]) -> None:
    start = NOW.replace(hour=19, minute=0) + timedelta(days=1)
    cut = Slot(salon["Ben"], start, start + timedelta(minutes=45), salon["Haircut"])

    def hold(_: int) -> int:
        try:
            with clock.frozen(NOW), pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
                return len(bookings.hold_row(session, cut, [salon["Beard trim"]], call_id=None, caller_id=None))
        except SlotTaken:
            return 0

    with ThreadPoolExecutor(6) as pool:
        held = list(pool.map(hold, range(6)))
    assert sorted(held) == [0] * 5 + [2]
    assert len(_bookings(pizzeria, "held")) == 2


def test_one_after_the_other_where_nobody_does_both(
    pizzeria: Pizzeria, phone: Telephone, salon: dict[str, UUID]
) -> None:
    phone.dial()
    heard = phone.speak("a beard trim and a haircut with Anna tomorrow at two")
    assert "I book these one after the other. First: Beard trim." in heard
    assert "Sorry, that is not done by whom you named" in heard
    assert "To book it, press 1" in heard
    heard = phone.speak("yes")
    assert "You are booked tomorrow at 2 PM, Beard trim" in heard
    assert "The next free times for Haircut are: For tomorrow at" in heard
    phone.press("1")
    phone.speak("yes")
    assert [booking.service_id for booking in _bookings(pizzeria, "confirmed")] == [
        salon["Beard trim"],
        salon["Haircut"],
    ]


def test_of_two_bookings_of_a_day_the_one_that_is_named_is_changed(
    pizzeria: Pizzeria, phone: Telephone, salon: dict[str, UUID]
) -> None:
    phone.dial()
    phone.speak(BOTH)
    phone.speak("yes")
    again = pizzeria.phone()
    again.dial()
    assert "Shall I cancel your booking tomorrow at 2:45 PM for Beard trim?" in again.speak(
        "cancel my beard trim tomorrow"
    )
    assert "Your booking is cancelled." in again.speak("yes")
    assert [booking.service_id for booking in _bookings(pizzeria, "confirmed")] == [salon["Haircut"]]
