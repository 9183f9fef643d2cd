"""Dialogues by text over the real route, really signed: what is answered, stored and not answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.features.alerts.models import Alert
from callwaiting.features.bookings.models import Booking, BookingService
from callwaiting.features.calls import texting
from callwaiting.features.calls.models import LeftMessage
from callwaiting.features.messages import preferences, thread_state
from callwaiting.features.messages.models import Message
from tests.factories.bookings import create_resource, create_salon, create_tables
from tests.factories.phone_numbers import NUMBER
from tests.factories.telephone import CALLER
from tests.factories.webhooks import twilio_delivery
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.paper_shop import NOW

SIDS = count(1)


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def write(pizzeria: Pizzeria, body: str, sid: str = "", **params: str) -> list[str]:
    """One signed text of the caller's; returns what is answered by text, the answer of the request being empty."""
    before = len(answers(pizzeria))
    form = {"MessageSid": sid or f"SM{next(SIDS):032}", "From": CALLER, "To": NUMBER, "Body": body, **params}
    delivery = twilio_delivery(pizzeria.source, form, below="/sms")
    client = pizzeria.app.test_client()
    answer = client.post(delivery.path, data=delivery.body, headers=delivery.headers)
    assert answer.status_code == 200
    return answers(pizzeria)[before:]


def answers(pizzeria: Pizzeria) -> list[str]:
    return [body for kind, status, body in pizzeria.texts() if kind == texting.KIND and status == "planned"]


def test_a_table_is_booked_by_text(pizzeria: Pizzeria) -> None:
    made = create_tables(pizzeria.worker, pizzeria.scope)
    assert write(pizzeria, "can I book a table tomorrow at 1?") == [
        "Luigi's Pizza, automatic reply: For how many people?"
    ]
    [held] = write(pizzeria, "4")
    assert held.startswith("I am holding tomorrow at 1 PM for you, for 4 people. Reply OK")
    assert write(pizzeria, "ok") == [
        "You are booked tomorrow at 1 PM, for 4 people. We are texting you a confirmation."
    ]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        booking = session.scalars(select(Booking)).one()
        assert (booking.state, booking.party_size, booking.resource_id) == ("confirmed", 4, made["Large table"])
        assert (booking.call_id, booking.caller_id is not None) == (None, True)
    assert [kind for kind, _, _ in pizzeria.texts() if kind != "incoming"].count("booking_confirmation") == 1
    assert write(pizzeria, "thanks!") == []


def test_a_deposit_is_written_before_the_ok_and_its_link_comes_after(pizzeria: Pizzeria) -> None:
    made = create_salon(pizzeria.worker, pizzeria.scope)
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        of_haircut = BookingService.id == made["Haircut"]
        session.execute(update(BookingService).where(of_haircut).values(deposit_minor=1000))
    [held] = write(pizzeria, "a haircut with Ben tomorrow at 3 pm")
    assert "$40.00. A deposit of $10.00 is due now, by a link that we text you. Reply OK to book it" in held
    [kept] = write(pizzeria, "ok")
    assert kept.startswith("I am keeping tomorrow at 3 PM for you, Haircut with Ben, $40.00.")
    assert kept.endswith("You are booked as soon as it is paid.")
    assert [kind for kind, _, _ in pizzeria.texts()].count("booking_deposit") == 1
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        assert session.scalars(select(Booking.state)).one() == "awaiting_deposit"


def test_an_order_is_placed_by_text_once_however_often_twilio_asks(pizzeria: Pizzeria) -> None:
    write(pizzeria, "2 margheritas please")
    [read_back] = write(pizzeria, "done")
    assert "The total is $27.06. Reply OK to place this order" in read_back
    sid = f"SM{next(SIDS):032}"
    gate = threading.Barrier(4)

    def send() -> None:
        gate.wait()
        with clock.frozen(NOW):
            write(pizzeria, "ok", sid)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    [order] = pizzeria.orders()
    assert (order.total_minor, order.call_id) == (2706, None)
    assert len(answers(pizzeria)) == 3
    assert [kind for kind, _, _ in pizzeria.texts()].count("payment_link") == 1


def test_words_about_consent_come_first_and_a_stopped_caller_gets_nothing(pizzeria: Pizzeria) -> None:
    create_resource(pizzeria.worker, pizzeria.scope)
    write(pizzeria, "book an appointment")
    assert write(pizzeria, "STOP") == []
    assert write(pizzeria, "book an appointment") == []
    assert [status for kind, status, _ in pizzeria.texts() if kind == texting.KIND] == ["planned", "suppressed"]


def test_while_a_person_writes_or_the_merchant_wants_none_the_assistant_is_silent(pizzeria: Pizzeria) -> None:
    assert write(pizzeria, "how much is a cola?") == ["Luigi's Pizza, automatic reply: Cola is $3.00."]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        caller = session.scalars(select(Message.caller_id).limit(1)).one()
        thread_state.hand_over(session, caller, "person")
    assert write(pizzeria, "how much is a cola?") == []
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        thread_state.hand_over(session, caller, "assistant")
        preferences.change(session, 1, keywords_confirmed_by="callwaiting", assistant_answers=False)
    assert write(pizzeria, "how much is a cola?") == []


def test_two_machines_that_answer_each_other_come_to_an_end(pizzeria: Pizzeria) -> None:
    told = [answer for _ in range(20) for answer in write(pizzeria, "how much is a cola?")]
    assert len(told) == texting.AN_HOUR
    with clock.frozen(NOW + timedelta(hours=2)):
        assert len(write(pizzeria, "how much is a cola?")) == 1


def test_a_dialogue_is_forgotten_after_two_hours(pizzeria: Pizzeria) -> None:
    write(pizzeria, "a cola please")
    with clock.frozen(NOW + timedelta(hours=1)):
        assert "Your order is: 1 Cola" in write(pizzeria, "done")[0]
    with clock.frozen(NOW + timedelta(hours=4)):
        assert write(pizzeria, "ok") == []
    assert pizzeria.orders() == []


def test_what_is_not_understood_is_given_up_and_the_team_is_told_once(pizzeria: Pizzeria) -> None:
    told = [write(pizzeria, "We got your inquiry. A member of staff is on it.") for _ in range(5)]
    assert [len(each) for each in told] == [1, 1, 1, 0, 0]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        assert list(session.scalars(select(Alert.rule))) == ["calls.person_requested"]


def test_a_message_is_left_by_text_without_the_number_of_a_card(pizzeria: Pizzeria) -> None:
    write(pizzeria, "can you pass on a message")
    [read_back] = write(pizzeria, "tell Maria my card is 4242 4242 4242 4242")
    assert "4242" not in read_back
    assert read_back.startswith("Please never text me the number of a card.")
    write(pizzeria, "ok")
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        left = session.scalars(select(LeftMessage)).one()
        assert (left.state, left.call_id, left.caller_id is not None) == ("left", None, True)


def test_a_fault_of_ours_keeps_the_text_and_tells_the_team(pizzeria: Pizzeria, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callwaiting.features.calls.conversing.MAX_EFFECTS", 0)
    assert write(pizzeria, "how much is a cola?") == []
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        assert list(session.scalars(select(Alert.rule))) == ["calls.text_failed"]
        assert session.scalars(select(Message)).one().direction == "in"
