"""The calendar entry by mail: planned with the booking, sent by a real SMTP conversation to the sandbox's catcher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar

from callwaiting.factory import Runtime
from callwaiting.features.bookings import changes, links
from callwaiting.features.mails import sending
from callwaiting.providers.smtp import SmtpMail
from callwaiting.sandbox import app as sandbox
from callwaiting.sandbox.config import Config
from callwaiting.sandbox.mail import MailCatcher, mails
from tests.api_client import ApiClient, actions
from tests.factories.bookings import create_resource
from tests.factories.payments import make_caller, make_line
from tests.factories.stored_events import rows
from tests.features.bookings.test_api import TEN, Salon, at, fields
from tests.features.bookings.test_own_page import get, post

EMAIL = "maria@example.com"


@pytest.fixture
def salon(owner: ApiClient, worker: Runtime) -> Salon:
    chair = create_resource(worker, owner.scope)
    return Salon(owner, chair, make_caller(worker, owner.scope), make_line(worker, owner.scope))


class Inbox:
    def __init__(self, worker: Runtime, catcher: MailCatcher) -> None:
        self.worker, self.catcher = worker, catcher
        self.mail = SmtpMail(
            host="127.0.0.1", port=catcher.port, security="none", username="", password="", sender="Us <us@example.com>"
        )

    def read(self) -> list[Mapping[str, Any]]:
        sending.send_due(self.worker.database, self.mail)
        return list(mails(self.catcher.here, EMAIL))


@pytest.fixture
def inbox(worker: Runtime) -> Iterator[Inbox]:
    made = sandbox.create_app(Config())
    catcher = MailCatcher(sandbox.sandbox_of(made), 0)
    catcher.start()
    yield Inbox(worker, catcher)
    catcher.stop()
    sandbox.close(made)


def test_the_entry_comes_moves_and_is_taken_out(salon: Salon, inbox: Inbox, admin_url: str) -> None:
    booked = salon.owner.post("/bookings", salon.body(email=EMAIL))
    salon.owner.send("PATCH", f"/bookings/{booked['id']}", {"start": TEN}, version=1)
    salon.owner.send("POST", f"/bookings/{booked['id']}/cancel", version=2)
    found = inbox.read()

    assert [mail["method"] for mail in found] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {tuple(mail["files"]) for mail in found} == {("booking.ics",)}
    calendars = [Calendar.from_ical(mail["calendar"]) for mail in found]
    events = [calendar.walk("VEVENT")[0] for calendar in calendars]
    assert [str(calendar["METHOD"]) for calendar in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for event in events} == {f"{booked['id']}@callwaiting"}
    assert [event.decoded("SEQUENCE") for event in events] == [1, 2, 3]
    assert [event.decoded("DTSTART") for event in events] == [at(9), at(10), at(10)]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert str(events[0]["ATTENDEE"]) == f"mailto:{EMAIL}"
    assert str(events[0]["ORGANIZER"]).startswith("mailto:")
    assert ["/b/" in mail["text"] for mail in found] == [True, True, False]
    assert found[2]["subject"] == "Cancelled: Your booking at Luigi's Pizza"
    assert "booking.email_given" in actions(admin_url)


def test_an_address_is_sealed_and_taken_once(salon: Salon, inbox: Inbox, worker: Runtime, admin_url: str) -> None:
    booked = salon.book()
    with worker.database.unit_of_work(salon.owner.scope) as session:
        path = links.link_to(session, UUID(booked["id"])).removeprefix("http://callwaiting.test")
    assert "Send it to my e-mail address" in get(salon, path).text
    assert post(salon, path, act="mail", email="nonsense").status_code == 422
    assert post(salon, path, act="mail", email=f" {EMAIL} ").status_code == 303
    assert post(salon, path, act="mail", email="victim@example.com").status_code == 409
    assert "also sent to your e-mail address" in get(salon, path).text
    assert len(inbox.read()) == 1
    (row,) = rows(admin_url, "select email_sealed from app.bookings")
    assert EMAIL.encode() not in bytes(row["email_sealed"])


def test_without_an_address_nothing_is_mailed_and_with_one_also_while_a_person_writes(
    salon: Salon, worker: Runtime, inbox: Inbox, admin_url: str
) -> None:
    salon.book()
    assert rows(admin_url, "select id from app.mails") == []
    other = salon.owner.post("/bookings", salon.body(start=TEN, email=EMAIL))
    with worker.database.unit_of_work(salon.owner.scope) as session:
        changes.cancel(session, UUID(other["id"]), by="team", told=False)
    assert [mail["method"] for mail in inbox.read()] == ["REQUEST", "CANCEL"]


@pytest.mark.parametrize(
    "email",
    ["a@b", "a b@example.com", "a@b@example.com", "a@example.com\r\nBcc: x@y.example", "<a@example.com>", "ä@ö.de"],
)
def test_what_is_no_address(salon: Salon, email: str) -> None:
    body = salon.body() | {"email": email}
    assert fields(salon.owner.send("POST", "/bookings", body)) == ["email"]
    assert salon.free()[TEN] == 1
