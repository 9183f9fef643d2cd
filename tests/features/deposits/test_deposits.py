"""A booking with a deposit: kept, paid for and confirmed, or free again; and what becomes of the money afterwards."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.features.alerts.models import Alert
from callwaiting.features.bookings import holding, links, replies
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.slots import Slot
from callwaiting.features.consents import service as consents
from callwaiting.features.messages.events import TextReceived
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.quiet_hours import sendable_at
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import refunds
from callwaiting.features.payments.models import Checkout, PaymentAccount, PaymentLink, Refund
from callwaiting.providers import ports
from tasks.orders import expire_orders
from tests.api_client import ApiClient, actions
from tests.factories.payments import CALLER_NUMBER
from tests.features.bookings.test_api import DAY, NEW_YORK, NINE, TEN
from tests.features.deposits.conftest import DEPOSIT, PRICE, TOTAL, Salon, service_body, usd

ORIGIN = {"Origin": "http://callwaiting.test"}


def test_a_deposit_confirms_the_booking(salon: Salon, guest: FlaskClient, admin_url: str) -> None:
    before = datetime.now(UTC)
    booking = salon.book()
    after = datetime.now(UTC)
    order = salon.order()
    ((kind, body),) = salon.texts()
    assert (booking["state"], salon.free()[NINE]) == ("awaiting_deposit", 0)
    assert (order["total"], order["deposit"], order["booking_id"]) == (usd(TOTAL), usd(DEPOSIT), booking["id"])
    assert [line["name"] for line in order["lines"]] == ["Haircut"]
    assert kind == "booking_deposit"
    assert re.findall(r"\$\d+\.\d\d", body) == ["$10.00"]
    until = datetime.fromisoformat(booking["hold_expires_at"])
    assert order["expires_at"] == booking["hold_expires_at"]
    # from when the link may be texted: the team has booked, and at night that is the morning
    first, last = (sendable_at(moment, CALLER_NUMBER, NEW_YORK) for moment in (before, after))
    assert first + timedelta(minutes=120) <= until <= last + timedelta(minutes=120)
    assert guest.get(re.findall(r"http://callwaiting.test(/p/[\w-]{22})", body)[0]).status_code == 200

    page = salon.open_page()
    assert [salon.settle(page, payment_id="pi_1") for _ in range(2)] == ["settled", "repeated"]
    paid = salon.booking(booking)
    assert (paid["state"], paid["hold_expires_at"]) == ("confirmed", None)
    assert salon.order()["state"] == "deposit_paid"
    assert sorted(salon.kinds()) == ["booking_confirmation", "booking_deposit", "deposit_receipt"]
    assert salon.books() == {"orders": DEPOSIT, "stripe": -DEPOSIT}
    told = [what for what in actions(admin_url) if what in {"booking.deposit_asked", "booking.confirmed"}]
    assert told == ["booking.deposit_asked", "booking.confirmed"]


def test_a_service_is_taxed_at_its_own_rate(salon: Salon) -> None:
    owner, path = salon.owner, f"/booking-services/{salon.service}"
    rate = {"name": "Care", "basis_points": 700, "inclusive": True}
    rate_id = owner.post("/tax-rates", rate)["id"]
    body = service_body(salon.chair) | {"tax_rate_id": rate_id}
    unknown = owner.send("PUT", path, body | {"tax_rate_id": str(new_id())}, version=1)
    changed = owner.send("PUT", path, body, version=1)
    owner.send("PUT", f"/tax-rates/{rate_id}", rate | {"archived": True}, version=1)
    again = owner.send("PUT", path, body, version=2)
    salon.book()

    assert [wrong["field"] for wrong in unknown.get_json()["fields"]] == ["tax_rate_id"]
    assert [answer.get_json()["tax_rate_id"] for answer in (changed, again)] == [rate_id, rate_id]
    (line,) = salon.order()["lines"]
    assert (line["tax_name"], line["tax_basis_points"], line["tax_inclusive"]) == ("Care", 700, True)
    assert salon.order()["total"] == usd(PRICE)


def test_the_rest_is_paid_where_the_hair_is_cut(salon: Salon) -> None:
    booking = salon.book()
    salon.pay()
    order = salon.order()
    path = f"/orders/{order['id']}"
    assert salon.owner.send("POST", f"{path}/cancel", version=order["version"]).status_code == 409
    done = salon.owner.send("POST", f"{path}/paid-on-the-spot", version=order["version"]).get_json()
    assert (done["state"], done["paid_on_the_spot"]) == ("paid", usd(TOTAL - DEPOSIT))
    assert salon.booking(booking)["state"] == "confirmed"


def test_nobody_else_gets_the_time_meanwhile(salon: Salon) -> None:
    salon.book()
    assert salon.owner.send("POST", "/bookings", salon.body()).status_code == 409
    taken = salon.owner.send("POST", "/bookings", salon.body(service_id=None))
    assert taken.status_code == 409
    with salon.worker.database.unit_of_work(salon.owner.scope) as session:  # and not by a hold's time being up either
        session.execute(update(Booking).values(hold_expires_at=clock.now() - timedelta(hours=1)))
    assert salon.owner.send("POST", "/bookings", salon.body()).status_code == 409


def test_a_deposit_that_is_not_paid_in_time_frees_the_time(salon: Salon) -> None:
    booking = salon.book()
    page = salon.open_page()
    salon.run_out()
    assert (salon.booking(booking)["state"], salon.order()["state"]) == ("expired", "expired")
    assert salon.kinds() == ["booking_deposit", "booking_expired"]
    assert salon.column(Effect.kind).count("stripe.expire") == 1
    other = salon.book(deposit="waive")
    assert (other["state"], salon.settle(page)) == ("confirmed", "parked")  # the money is kept apart for a person
    assert salon.booking(booking)["state"] == "expired"
    assert salon.column(Alert.rule) == ["payments.parked"]
    assert salon.books() == {"parked": DEPOSIT, "stripe": -DEPOSIT}


def test_no_new_link_for_a_time_that_is_free_again(salon: Salon, guest: FlaskClient) -> None:
    salon.book()
    link = re.findall(r"http://callwaiting.test(/p/[\w-]{22})", salon.texts()[0][1])[0]
    salon.run_out()
    with salon.worker.database.unit_of_work(salon.owner.scope) as session:
        session.execute(update(PaymentLink).values(expires_at=clock.now() - timedelta(seconds=1)))
    page = guest.get(link)
    assert page.status_code == 410
    assert "/renew" not in page.text
    assert guest.post(f"{link}/renew", headers=ORIGIN).status_code == 303
    order = salon.order()
    assert salon.owner.send("POST", f"/orders/{order['id']}/link", version=order["version"]).status_code == 409
    assert salon.kinds() == ["booking_deposit", "booking_expired"]


def test_a_link_that_did_not_arrive_is_sent_again_for_the_same_time(salon: Salon) -> None:
    booking = salon.book()
    order = salon.order()
    renewed = salon.owner.send("POST", f"/orders/{order['id']}/link", version=order["version"]).get_json()
    assert renewed["expires_at"] == order["expires_at"] == booking["hold_expires_at"]
    assert salon.kinds() == ["booking_deposit", "booking_deposit"]
    salon.pay()
    assert salon.booking(booking)["state"] == "confirmed"


def test_a_payment_that_is_being_taken_keeps_the_time(salon: Salon) -> None:
    booking = salon.book()
    salon.open_page()
    with salon.worker.database.unit_of_work(salon.owner.scope) as session:
        session.execute(update(Checkout).values(state="approved"))
    salon.run_out()
    assert salon.booking(booking)["state"] == "awaiting_deposit"
    assert salon.cancel(booking).status_code == 409
    assert salon.booking(booking)["state"] == "awaiting_deposit"


@pytest.mark.parametrize(
    ("deposit", "notice", "back"), [("", 120, True), ("keep", 120, False), ("", 20160, False), ("refund", 20160, True)]
)
def test_a_cancellation_gives_the_deposit_back_by_the_notice_or_as_the_team_says(
    salon: Salon, deposit: str, notice: int, back: bool
) -> None:
    rules = salon.owner.get("/booking-rules")
    version = rules.pop("version")
    salon.owner.send("PUT", "/booking-rules", rules | {"notice_minutes": notice}, version=version)
    booking = salon.book()
    salon.pay()
    assert salon.cancel(booking, deposit).get_json()["state"] == "cancelled"
    assert (salon.order()["state"], salon.free()[NINE]) == ("cancelled", 1)
    assert salon.column(Refund.amount_minor) == ([DEPOSIT] if back else [])
    assert salon.column(Effect.kind).count("stripe.refund") == int(back)
    if back:
        (refund,) = salon.column(Refund.id)
        told = ports.Refund("re_1", "pi_deposit", Money(DEPOSIT, "USD"), "succeeded", refunds.reference_of(refund))
        with salon.worker.database.unit_of_work(salon.owner.scope) as session:
            refunds.take_refund(session, told, provider="stripe", received_at=clock.now())
        assert salon.kinds()[-1] == "refund"
        assert salon.books() == {"orders": 0, "stripe": 0}


@pytest.mark.parametrize("role", ["agent", "admin"])
def test_only_who_may_refund_gives_it_back_against_the_notice(salon: Salon, role: str) -> None:
    booking = salon.book()
    salon.pay()
    version = salon.booking(booking)["version"]
    other = replace(salon.owner, role=role)
    answer = other.send("POST", f"/bookings/{booking['id']}/cancel?deposit=refund", version=version)
    assert answer.status_code == (200 if role == "admin" else 403)
    assert salon.booking(booking)["state"] == ("cancelled" if role == "admin" else "confirmed")
    assert len(salon.column(Refund.id)) == int(role == "admin")


def test_a_caller_cancels_by_the_link_and_gets_the_deposit_back(salon: Salon, guest: FlaskClient) -> None:
    booking = salon.book()
    salon.pay()
    with salon.worker.database.unit_of_work(salon.owner.scope) as session:
        path = links.link_to(session, UUID(booking["id"])).removeprefix("http://callwaiting.test")
    version = salon.booking(booking)["version"]
    form = {"act": "cancel", "version": str(version)}
    assert guest.post(path, data=form, headers=ORIGIN).status_code == 303
    assert guest.post(path, data=form, headers=ORIGIN).status_code in {409, 412}
    assert salon.column(Refund.amount_minor) == [DEPOSIT]


def test_a_caller_calls_off_by_c_what_is_not_paid_for(salon: Salon) -> None:
    booking = salon.book()
    reply(salon, "C")
    assert (salon.booking(booking)["state"], salon.order()["state"]) == ("cancelled", "cancelled")
    assert salon.kinds() == ["booking_deposit", "booking_cancelled_by_caller"]
    assert salon.column(Refund.id) == []


def test_with_another_booking_the_caller_is_asked_which(salon: Salon) -> None:
    paid = salon.book(deposit="waive")
    waiting = salon.book(start=TEN)
    reply(salon, "C")
    assert salon.kinds()[-1] == "booking_which_to_cancel"
    reply(salon, "2")
    assert [salon.booking(each)["state"] for each in (paid, waiting)] == ["confirmed", "cancelled"]
    reply(salon, "1")  # and what waits for a deposit is nothing to come to
    assert salon.booking(paid)["acknowledged_at"] is not None


def reply(salon: Salon, body: str) -> None:
    """The caller answers our last text."""
    with salon.worker.database.unit_of_work(salon.owner.scope) as session:
        replies.on_text_received(session, TextReceived(new_id(), salon.caller, salon.line, body, True))


def test_a_booking_that_was_not_paid_for_is_called_off(salon: Salon) -> None:
    booking = salon.book()
    page = salon.open_page()
    assert salon.cancel(booking).get_json()["state"] == "cancelled"
    assert salon.order()["state"] == "cancelled"
    assert salon.column(Effect.kind).count("stripe.expire") == 1
    assert salon.settle(page) == "parked"
    assert salon.kinds() == ["booking_deposit", "booking_cancelled", "payment_parked"]


def test_the_business_closes_and_gives_back_whatever_the_notice(salon: Salon) -> None:
    rules = salon.owner.get("/booking-rules")
    version = rules.pop("version")
    salon.owner.send("PUT", "/booking-rules", rules | {"notice_minutes": 20160}, version=version)
    salon.book()
    salon.pay()
    waiting = salon.book(start=TEN)
    closed = salon.owner.post("/booking-special-days", {"day": str(DAY), "periods": [], "bookings": "cancel"})
    assert (closed["outside"], closed["cancelled"]) == (2, 2)
    assert salon.booking(waiting)["state"] == "cancelled"
    assert salon.column(Refund.amount_minor) == [DEPOSIT]


def test_money_that_cannot_go_back_is_for_a_person(salon: Salon) -> None:
    booking = salon.book()
    salon.pay()
    with salon.worker.database.unit_of_work(salon.owner.scope) as session:
        session.execute(update(PaymentAccount).values(account="acct_other"))
    assert salon.cancel(booking).status_code == 200
    assert salon.column(Refund.id) == []
    assert salon.column(Alert.rule) == ["bookings.deposit_not_returned"]


def test_a_deposit_that_no_link_can_ask_for_is_waived_and_told(salon: Salon, owner: ApiClient) -> None:
    made = owner.get(f"/booking-services/{salon.service}")
    body = service_body(salon.chair, deposit=usd(20))
    assert owner.send("PUT", f"/booking-services/{salon.service}", body, version=made["version"]).status_code == 200
    assert salon.book()["state"] == "confirmed"
    assert salon.column(Alert.rule) == ["bookings.deposit_not_asked"]
    assert salon.column(Order.id) == []


def test_the_deposit_is_that_of_when_the_time_was_held(salon: Salon, owner: ApiClient) -> None:
    """What the caller has heard holds, whatever the service costs by the time of the yes."""
    start = datetime.fromisoformat(NINE)
    slot = Slot(salon.chair, start, start + timedelta(hours=1), salon.service)
    with salon.worker.database.unit_of_work(owner.scope) as session:
        held = holding.hold_slot(session, slot, call_id=None, caller_id=salon.caller)
    made = owner.get(f"/booking-services/{salon.service}")
    owner.send(
        "PUT",
        f"/booking-services/{salon.service}",
        service_body(salon.chair, deposit=usd(2000)),
        version=made["version"],
    )
    with salon.worker.database.unit_of_work(owner.scope) as session:
        holding.confirm(session, held, phone_number_id=salon.line)
    assert salon.order()["deposit"] == usd(DEPOSIT)


@pytest.mark.parametrize("first", ["pay", "cancel", "expire"])
def test_paying_cancelling_and_running_out_at_once(salon: Salon, first: str) -> None:
    """Whoever comes first, booking, order and money agree in the end, and nobody waits for another for ever."""
    for start in (NINE, TEN):
        booking = salon.book(start=start)
        page = salon.open_page()
        with salon.worker.database.unit_of_work(salon.owner.scope) as session:
            mine = Order.booking_id == UUID(booking["id"])
            session.execute(update(Order).where(mine).values(expires_at=clock.now() + timedelta(milliseconds=1)))
        ready = threading.Barrier(3)
        failures: list[BaseException] = []

        def run(act: Callable[[], object], ready: threading.Barrier = ready, failures: Any = failures) -> None:
            ready.wait()
            try:
                act()
            except BaseException as error:  # told below
                failures.append(error)

        acts: list[Callable[[], object]] = [
            lambda page=page: salon.settle(page),  # type: ignore[misc]
            lambda booking=booking: salon.cancel(booking),  # type: ignore[misc]
            lambda: expire_orders(salon.worker),
        ]
        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)
        assert failures == []
        state = salon.booking(booking)["state"]
        with salon.worker.database.unit_of_work(salon.owner.scope) as session:
            order = session.scalars(select(Order).where(Order.booking_id == UUID(booking["id"]))).one()
            ended = (state, order.state)
        assert ended in {
            ("confirmed", "deposit_paid"), ("cancelled", "cancelled"), ("expired", "expired"),
        }  # fmt: skip
        salon.books()


def test_the_same_total_counts_once(salon: Salon) -> None:
    """In the figures a booking with a deposit is a booking, and its money is money."""
    salon.book()
    salon.pay()
    today = datetime.now(UTC).date()
    total = salon.owner.get(f"/kpis?since={today - timedelta(1)}&until={today}")["total"]
    assert (total["orders"], total["bookings"], total["captured"]["amount"]) == (0, 1, DEPOSIT)


@pytest.mark.parametrize(
    "deposit",
    [{"amount": PRICE + 1, "currency": "USD"}, {"amount": -1, "currency": "USD"}, {"amount": 5, "currency": "EUR"}],
)
def test_what_a_deposit_cannot_be(salon: Salon, owner: ApiClient, deposit: dict[str, object]) -> None:
    assert owner.send("POST", "/booking-services", service_body(salon.chair, deposit=deposit)).status_code == 422


def test_a_caller_who_wants_no_texts_is_kept_by_the_team_all_the_same(salon: Salon) -> None:
    with salon.worker.database.unit_of_work(salon.owner.scope) as session:
        consents.record_declaration(session, salon.caller, "revoked", origin="sms", evidence="STOP")
    assert salon.book()["state"] == "awaiting_deposit"
    (status,) = salon.column(Message.status)
    assert status == "suppressed"
    assert salon.column(Alert.rule) == ["orders.link_undelivered"]
    with salon.worker.database.unit_of_work(salon.owner.scope) as session:
        consents.record_declaration(session, salon.caller, "granted", origin="sms", evidence="START")
    order = salon.order()
    salon.owner.send("POST", f"/orders/{order['id']}/link", version=order["version"])
    assert salon.column(Alert.state) == ["resolved"]
