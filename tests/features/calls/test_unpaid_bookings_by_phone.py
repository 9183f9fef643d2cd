"""Bookings that wait for their deposit, called off and moved by voice: what a text can do, the phone can."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.models import Booking
from callwaiting.features.payments.models import Checkout, PaymentLink
from tests.factories.bookings import create_salon
from tests.factories.telephone import Telephone
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.paper_shop import NOW
from tests.features.calls.test_book_a_service import with_deposit


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def salon(pizzeria: Pizzeria) -> dict[str, UUID]:
    """A caller has a haircut with Ben tomorrow at three, for which nothing is paid yet."""
    made = create_salon(pizzeria.worker, pizzeria.scope)
    with_deposit(pizzeria, made["Haircut"], 1000)
    first = pizzeria.phone()
    first.dial()
    first.speak("a haircut with Ben tomorrow at three")
    first.speak("yes")
    return made


def booking(pizzeria: Pizzeria) -> Booking:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return session.scalars(select(Booking).where(Booking.hold_expires_at.is_not(None))).one()


def states(pizzeria: Pizzeria) -> list[tuple[str, str]]:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return [(session.scalars(select(Booking.state)).one(), order.state) for order in pizzeria.orders()]


def kinds(pizzeria: Pizzeria) -> list[str]:
    return [kind for kind, _, _ in pizzeria.texts()]


@pytest.mark.usefixtures("salon")
def test_called_off(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    heard = phone.speak("I have to cancel my appointment tomorrow")
    assert heard.startswith("Shall I cancel your booking tomorrow at 3 PM for Haircut?")
    assert "Your booking is cancelled." in phone.speak("yes")
    assert states(pizzeria) == [("cancelled", "cancelled")]
    assert kinds(pizzeria) == ["booking_deposit", "booking_cancelled_by_caller"]


@pytest.mark.usefixtures("salon")
def test_moved_with_the_link_that_is_there(pizzeria: Pizzeria, phone: Telephone) -> None:
    before = booking(pizzeria)
    phone.dial()
    heard = phone.speak("can you move my appointment tomorrow to Thursday at two pm")
    assert "Your time tomorrow at 3 PM for Haircut waits for its deposit. Shall I move your booking to" in heard
    heard = phone.speak("yes")
    assert "I am now keeping Thursday, March 5 at 2 PM for you." in heard
    assert "by the link that you have, until today at 10:30 AM." in heard
    after = booking(pizzeria)
    assert (after.starts_at.isoformat(), after.state) == ("2026-03-05T19:00:00+00:00", "awaiting_deposit")
    assert (after.hold_expires_at, after.remind_at) == (before.hold_expires_at, None)
    assert kinds(pizzeria) == ["booking_deposit", "booking_moved_unpaid"]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        assert bookings.take_paid(session, after.id) == "confirmed"
    assert kinds(pizzeria)[-1] == "booking_confirmation"


@pytest.mark.usefixtures("salon")
def test_not_to_a_time_before_the_deposit_is_due(pizzeria: Pizzeria, phone: Telephone) -> None:
    before = booking(pizzeria)
    phone.dial()
    phone.speak("move my appointment tomorrow to today at ten am")
    assert "It is too late to change that booking with me." in phone.speak("yes")
    assert booking(pizzeria).starts_at == before.starts_at


@pytest.mark.usefixtures("salon")
def test_not_while_it_is_being_paid(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("cancel my appointment tomorrow")
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        link = session.scalars(select(PaymentLink)).one()
        session.add(
            Checkout(
                merchant_id=pizzeria.scope.merchant_id, id=new_id(), link_id=link.id, order_id=link.order_id,
                provider="paypal", mode="test", account="", attempt=1, state="approved",
            )
        )  # fmt: skip
    assert "Its deposit is being paid at this moment, so I leave it as it is." in phone.speak("yes")
    assert states(pizzeria) == [("awaiting_deposit", "awaiting_payment")]
    assert kinds(pizzeria) == ["booking_deposit"]


@pytest.mark.usefixtures("salon")
def test_what_was_changed_since_it_was_read_out_is_read_out_anew(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("cancel my appointment tomorrow")
    with pizzeria.app.extensions["database"].unit_of_work(pizzeria.scope) as session:
        held = session.scalars(select(Booking)).one()
        slot = next(
            slot
            for slot in bookings.free_slots(session, limit=50, service_id=held.service_id)
            if slot.start == held.starts_at + timedelta(hours=1)
        )
        bookings.move(session, held.id, slot, by="team", told=False)
    assert "Shall I" not in (heard := phone.speak("yes"))
    assert "Your time tomorrow at 4 PM for Haircut waits for its deposit. To cancel it, press 1." in heard
    assert states(pizzeria) == [("awaiting_deposit", "awaiting_payment")]
