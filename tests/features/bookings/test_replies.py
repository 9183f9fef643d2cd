"""Replies by text, as Twilio hands them in: over the real route, really signed, and answered through its API."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient

from callwaiting.core import clock
from callwaiting.core.settings import Settings
from callwaiting.factory import Runtime
from callwaiting.features.bookings import changes, desk
from callwaiting.features.bookings.reply_words import Reply, Wish, reply_in
from callwaiting.features.messages import service as messages
from callwaiting.features.outbox.drain import drain
from callwaiting.features.webhooks.source_admin import RegisteredSource
from callwaiting.providers.registry import build_providers
from tasks.bookings import remind_of_bookings
from tasks.effects import PERFORMERS
from tests.api_client import ApiClient, actions
from tests.factories.bookings import create_resource
from tests.factories.payments import CALLER_NUMBER, SHOP_NUMBER, make_caller, make_line
from tests.factories.stored_events import rows
from tests.factories.webhooks import make_source, twilio_delivery
from tests.features.bookings.test_api import DAY, NEXT_DAY, Salon, at
from tests.providers.api_server import ApiServer, api_server, json_answer

NINE = at(9)


@dataclass
class Texter:
    """The caller of the salon, who texts it through Twilio and reads what comes back."""

    salon: Salon
    worker: Runtime
    admin_url: str
    source: RegisteredSource
    settings: Settings
    number: Iterator[int] = field(default_factory=lambda: count(1))

    def text(self, body: str, sid: str = "", sender: str = CALLER_NUMBER) -> str:
        """Send it; returns the id under which it can be sent again."""
        sid = sid or f"SM{next(self.number):032}"
        form = {
            "AccountSid": self.settings.twilio_account_sid, "MessageSid": sid, "From": sender, "To": SHOP_NUMBER,
            "Body": body,
        }  # fmt: skip
        delivery = twilio_delivery(self.source, form, below="/sms")
        client: FlaskClient = self.salon.owner.app.test_client()
        answer = client.post(delivery.path, data=delivery.body, headers=delivery.headers)
        assert (answer.status_code, b"<Message>" in answer.data) == (200, False)
        return sid

    def book(self, start: datetime = NINE) -> UUID:
        with self.worker.database.unit_of_work(self.salon.owner.scope) as session:
            return desk.book(
                session,
                resource_id=self.salon.chair,
                start=start,
                caller_id=self.salon.caller,
                phone_number_id=self.salon.line,
            )

    def kinds(self) -> list[str]:
        found = rows(self.admin_url, "select kind from app.messages where direction = 'out' order by id")
        return [row["kind"] for row in found]

    def states(self) -> list[str]:
        return [row["state"] for row in rows(self.admin_url, "select state from app.bookings order by starts_at")]

    def sent(self, twilio: ApiServer) -> list[str]:
        """Have the worker send what is planned; all bodies that Twilio got."""
        twilio.answer = lambda request: json_answer({"sid": f"SM{uuid4().hex}", "status": "queued"}, 201)
        pointed = self.settings.model_copy(update={"twilio_api_base": twilio.url})
        providers = build_providers(pointed)
        while drain(self.worker.database, providers, PERFORMERS):
            pass  # a slow machine needs more than one turn of two seconds
        left = rows(self.admin_url, "select kind, state, error from app.outbox where state in ('retry', 'unknown')")
        assert left == []
        return [parse_qs(request.body.decode())["Body"][0] for request in twilio.received]


@pytest.fixture(autouse=True)
def _daytime() -> Iterator[None]:
    """Noon where the business and its caller are, whenever the test runs."""
    with clock.frozen(at(12, DAY - timedelta(3))):
        yield


@pytest.fixture
def salon(owner: ApiClient, worker: Runtime) -> Salon:
    chair = create_resource(worker, owner.scope)
    return Salon(owner, chair, make_caller(worker, owner.scope), make_line(worker, owner.scope))


@pytest.fixture
def texter(salon: Salon, worker: Runtime, admin_url: str, settings: Settings) -> Texter:
    source = make_source(worker, "twilio", account=settings.twilio_account_sid)
    return Texter(salon, worker, admin_url, source, settings)


@pytest.fixture
def twilio() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("C", Reply(Wish.CANCEL)),
        (" c. ", Reply(Wish.CANCEL)),
        ("C please", Reply(Wish.CANCEL)),
        ('"R"', Reply(Wish.REBOOK)),
        ("\uff23", Reply(Wish.CANCEL)),  # a full-width C
        ("c 2", Reply(Wish.CANCEL, 2)),
        ("R3!", Reply(Wish.REBOOK, 3)),
        ("1", Reply(Wish.PICK, 1)),
        ("1 \U0001f44d", Reply(Wish.PICK, 1)),
        ("2, thanks", Reply(Wish.PICK, 2)),
        *((text, None) for text in ("", "CANCEL", "yes", "END", "C u at 9", "12", "0", "1 pizza", "R U open?", "ccc")),
    ],
)
def test_what_a_text_asks(text: str, reply: Reply | None) -> None:
    assert reply_in(text) == reply


def test_c_cancels_once_and_says_so_at_night_too(texter: Texter, twilio: ApiServer) -> None:
    texter.book()
    with clock.frozen(at(23, DAY - timedelta(2))):
        sid = texter.text("C")
        texter.text("C", sid)
        texter.text(" c ")
    assert texter.states() == ["cancelled"]
    assert texter.kinds() == ["booking_confirmation", "booking_cancelled_by_caller", "no_booking"]
    assert actions(texter.admin_url).count("booking.cancelled") == 1
    assert "booking.reply" in actions(texter.admin_url)
    with clock.frozen(at(23, DAY - timedelta(2))):
        cancelled, none = texter.sent(twilio)
    assert cancelled.startswith("Luigi's Pizza: you have cancelled your booking")
    assert "no booking to come" in none


def test_r_sends_the_link_and_changes_nothing(texter: Texter, twilio: ApiServer) -> None:
    texter.book()
    texter.text("r")
    assert texter.states() == ["confirmed"]
    link = next(body for body in texter.sent(twilio) if "Choose here" in body)
    assert "http://callwaiting.test/b/" in link


def test_1_is_the_answer_to_the_reminder_of_the_next_booking(texter: Texter, twilio: ApiServer) -> None:
    for start in (at(9), at(9, NEXT_DAY)):
        texter.book(start)
    with clock.frozen(at(12, DAY - timedelta(1))):
        remind_of_bookings(texter.worker)
        assert "Reply 1 to confirm, R to rebook, C to call it off" in texter.sent(twilio)[-1]
        texter.text("1")
        said = texter.sent(twilio)
    first, second = rows(texter.admin_url, "select acknowledged_at from app.bookings order by starts_at")
    assert (first["acknowledged_at"] is None, second["acknowledged_at"]) == (False, None)
    assert "thank you, we expect you tomorrow at 9 AM" in said[-1]


def test_of_several_it_asks_which_and_takes_the_one_that_was_listed(texter: Texter, twilio: ApiServer) -> None:
    for hour in (9, 10, 11):
        texter.book(at(hour))
    texter.text("C")
    assert texter.states() == ["confirmed"] * 3
    (row,) = rows(texter.admin_url, "select jsonb_array_length(choices) as n from app.booking_questions")
    assert row["n"] == 3
    texter.text("7")  # there is no seventh: asked again
    texter.text("2")
    assert texter.states() == ["confirmed", "cancelled", "confirmed"]
    assert texter.kinds()[3:] == [
        "booking_which_to_cancel", "booking_which_to_cancel", "booking_cancelled_by_caller",
    ]  # fmt: skip
    texter.text("2")  # answers nothing any more
    assert texter.states() == ["confirmed", "cancelled", "confirmed"]
    assert len(texter.kinds()) == 6
    with clock.frozen(at(12, DAY - timedelta(1))):
        asked = next(body for body in texter.sent(twilio) if "which booking" in body)
    assert f"2: {at(10):%a, %b} {DAY.day} 10 AM" in asked


def test_a_number_never_means_another_booking_than_the_text_said(texter: Texter) -> None:
    booked = [texter.book(at(hour)) for hour in (9, 10, 11)]
    texter.text("C")
    with texter.worker.database.unit_of_work(texter.salon.owner.scope) as session:
        changes.cancel(session, booked[0], by="team", told=False)
    texter.text("1")  # the first of those that were listed is gone
    assert texter.states() == ["cancelled", "confirmed", "confirmed"]
    assert texter.kinds()[-1] == "booking_which_to_cancel"
    texter.text("1")  # of the new list
    assert texter.states() == ["cancelled", "cancelled", "confirmed"]


def test_after_a_reminder_a_1_is_no_answer_to_an_older_question(texter: Texter) -> None:
    for hour in (9, 11):
        texter.book(at(hour))
    with clock.frozen(at(12, DAY - timedelta(1))):
        texter.text("C")
        remind_of_bookings(texter.worker)
        texter.text("1")
    assert texter.states() == ["confirmed"] * 2
    assert texter.kinds()[-1] == "booking_acknowledged"


def test_a_question_of_yesterday_is_asked_again(texter: Texter) -> None:
    for hour in (9, 11):
        texter.book(at(hour))
    texter.text("R")
    rows(texter.admin_url, "update app.booking_questions set asked_at = now() - interval '13 hours'")
    texter.text("2")
    assert texter.kinds()[2:] == ["booking_which_to_rebook"] * 2
    texter.text("2")
    assert texter.kinds()[-1] == "booking_link"


def test_a_1_long_after_a_question_cancels_nothing(texter: Texter) -> None:
    first = texter.book()
    texter.book(at(11))
    texter.text("C")
    with texter.worker.database.unit_of_work(texter.salon.owner.scope) as session:
        changes.cancel(session, first, by="team", told=False)
    rows(texter.admin_url, "update app.booking_questions set asked_at = now() - interval '13 hours'")
    texter.text("1")
    assert texter.states() == ["cancelled", "confirmed"]
    assert texter.kinds()[-1] == "booking_acknowledged"


def test_within_the_notice_it_is_too_late(texter: Texter) -> None:
    texter.book()
    with clock.frozen(at(9) - timedelta(minutes=119)):
        texter.text("C")
        texter.text("R")
    assert texter.states() == ["confirmed"]
    assert texter.kinds()[1:] == ["booking_too_late"] * 2


def test_carriers_words_are_none_of_ours(texter: Texter) -> None:
    texter.book()
    for body in ("CANCEL", "START", "HELP", "YES"):
        sid = f"SM{next(texter.number):032}"
        form = {"AccountSid": texter.settings.twilio_account_sid, "MessageSid": sid, "From": CALLER_NUMBER}
        delivery = twilio_delivery(texter.source, form | {"To": SHOP_NUMBER, "Body": body}, below="/sms")
        answer = texter.salon.owner.app.test_client().post(delivery.path, data=delivery.body, headers=delivery.headers)
        assert answer.status_code == 200
    assert texter.states() == ["confirmed"]
    assert texter.kinds() == ["booking_confirmation"]


def test_whoever_wants_no_texts_is_obeyed_and_told_nothing(texter: Texter) -> None:
    texter.book()
    stop = {"AccountSid": texter.settings.twilio_account_sid, "MessageSid": "SM" + "a" * 32, "From": CALLER_NUMBER}
    delivery = twilio_delivery(texter.source, stop | {"To": SHOP_NUMBER, "Body": "STOP"}, below="/sms")
    texter.salon.owner.app.test_client().post(delivery.path, data=delivery.body, headers=delivery.headers)
    texter.text("C")
    assert texter.states() == ["cancelled"]
    said = rows(texter.admin_url, "select status, reason from app.messages where kind = 'booking_cancelled_by_caller'")
    assert said == [{"status": "suppressed", "reason": "consent revoked"}]


def test_while_a_person_writes_it_is_done_and_nothing_said(texter: Texter) -> None:
    texter.book()
    with texter.worker.database.unit_of_work(texter.salon.owner.scope) as session:
        messages.write_by_hand(
            session, caller_id=texter.salon.caller, phone_number_id=texter.salon.line, body="I am here."
        )
    texter.text("1")
    texter.text("R")
    texter.text("C")
    texter.text("C")
    assert rows(texter.admin_url, "select acknowledged_at is not null as told from app.bookings") == [{"told": True}]
    assert texter.states() == ["cancelled"]
    assert texter.kinds() == ["booking_confirmation", "manual"]


def test_others_and_ordinary_texts_touch_nothing(texter: Texter) -> None:
    texter.book()
    texter.text("C", sender="+14155550188")
    texter.text("2")
    texter.text("See you at 9")
    assert texter.states() == ["confirmed"]
    assert texter.kinds() == ["booking_confirmation", "no_booking"]


def test_a_reply_that_fails_leaves_the_text_and_an_alert(texter: Texter) -> None:
    texter.book()
    rows(texter.admin_url, "alter table app.bookings add constraint broken check (state <> 'cancelled') not valid")
    try:
        texter.text("C")
    finally:
        rows(texter.admin_url, "alter table app.bookings drop constraint broken")
    assert texter.states() == ["confirmed"]
    found = rows(texter.admin_url, "select rule from app.alerts")
    assert found == [{"rule": "bookings.reply_failed"}]
    assert rows(texter.admin_url, "select count(*) as n from app.messages where direction = 'in'") == [{"n": 1}]


def test_questions_that_nobody_answers_go_with_the_next(texter: Texter) -> None:
    for hour in (9, 11):
        texter.book(at(hour))
    texter.text("C")
    others = "insert into app.booking_questions (merchant_id, id, caller_id, wish, choices, asked_at)"
    for number, age in (("+12125550129", "5 days"), ("+12125550131", "60 days")):
        rows(
            texter.admin_url,
            f"{others} values (%s, gen_random_uuid(), %s, 'cancel', '[]', now() - %s::interval)",
            texter.salon.owner.scope.merchant_id,
            make_caller(texter.worker, texter.salon.owner.scope, number),
            age,
        )
    texter.text("C")
    kept = rows(texter.admin_url, "select asked_at > now() - interval '30 days' as young from app.booking_questions")

    assert [row["young"] for row in kept] == [True, True]
