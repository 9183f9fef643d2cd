"""Texts as Twilio hands them in: over the real route, really signed."""

from __future__ import annotations

import threading
from uuid import UUID
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from callwaiting.core.events import EventBus
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts.models import Alert
from callwaiting.features.callers import service as callers
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.messages import incoming, preferences, service, twiml
from callwaiting.features.messages.events import TextReceived
from callwaiting.features.messages.incoming import IncomingText
from callwaiting.features.messages.models import Message
from callwaiting.features.webhooks.source_admin import RegisteredSource
from tests import servers
from tests.factories.merchants import create_merchant
from tests.factories.payments import CALLER_NUMBER, SHOP_NUMBER
from tests.factories.webhooks import TWILIO_TOKEN, make_source, twilio_delivery

OTHER = "+14155550177"


@pytest.fixture
def phone(fresh_app: Flask, source: RegisteredSource, settings: Settings, line: UUID) -> Phone:
    """At an application of its own, which writes counts of refusals behind its answers."""
    return Phone(fresh_app, source, settings.twilio_account_sid)


class Phone:
    """Somebody who texts the merchant through Twilio."""

    def __init__(self, app: Flask, source: RegisteredSource, account: str) -> None:
        self.client, self.source, self.account = Client(app, Response), source, account

    def text(self, body: str, sid: str = "SM" + "1" * 32, *, token: str = TWILIO_TOKEN, **params: str) -> TestResponse:
        form = {
            "AccountSid": self.account, "MessageSid": sid, "From": CALLER_NUMBER, "To": SHOP_NUMBER, "Body": body,
            **params,
        }  # fmt: skip
        delivery = twilio_delivery(self.source, form, below="/sms", token=token)
        return self.client.post(delivery.path, data=delivery.body, headers=delivery.headers)


def said(answer: TestResponse) -> str | None:
    """The text of the answer; None when it is an empty Response."""
    assert answer.status_code == 200
    assert answer.content_type == "text/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == "Response"
    return root.findtext("Message")


def stored(worker: Runtime, scope: MerchantScope) -> list[Message]:
    with worker.database.unit_of_work(scope) as session:
        return list(session.scalars(select(Message).order_by(Message.created_at)))


def open_alerts(worker: Runtime) -> list[str]:
    with worker.database.unit_of_work(SystemScope("alerts of the tests")) as session:
        return list(session.scalars(select(Alert.rule)))


def is_stopped(worker: Runtime, scope: MerchantScope, caller: UUID) -> bool:
    try:
        with worker.database.unit_of_work(scope) as session:
            consents.require_consent(session, caller)
    except ConsentRevoked:
        return True
    return False


def test_an_ordinary_text_is_kept_and_gets_no_answer_of_the_request(
    phone: Phone, worker: Runtime, merchant: MerchantScope
) -> None:
    assert said(phone.text("What time do you close?")) is None
    (row,) = stored(worker, merchant)
    assert (row.direction, row.status, row.provider_id) == ("in", "received", "SM" + "1" * 32)
    assert b"close" not in row.body_sealed


def test_stop_is_honoured_at_once_with_one_confirmation(
    phone: Phone, worker: Runtime, merchant: MerchantScope, caller: UUID
) -> None:
    confirmation = said(phone.text("Stop."))
    assert confirmation is not None
    assert "Luigi's Pizza" in confirmation
    assert is_stopped(worker, merchant, caller)
    assert said(phone.text("I said STOP", "SM" + "2" * 32)) is None
    assert is_stopped(worker, merchant, caller)
    assert said(phone.text("START", "SM" + "3" * 32)) is not None
    assert not is_stopped(worker, merchant, caller)
    assert said(phone.text("help", "SM" + "4" * 32)) is not None


def test_twilio_has_answered_already_when_it_says_so(
    phone: Phone, worker: Runtime, merchant: MerchantScope, caller: UUID
) -> None:
    assert said(phone.text("STOP", OptOutType="STOP")) is None
    assert is_stopped(worker, merchant, caller)


def test_a_keyword_that_only_twilio_knows_stops_too(
    phone: Phone, worker: Runtime, merchant: MerchantScope, caller: UUID
) -> None:
    assert said(phone.text("arret", OptOutType="STOP")) is None
    assert is_stopped(worker, merchant, caller)


def test_a_repeated_request_gets_the_same_bytes_and_changes_nothing(
    phone: Phone, worker: Runtime, merchant: MerchantScope, caller: UUID
) -> None:
    first = phone.text("STOP")
    phone.text("START", "SM" + "2" * 32)
    assert phone.text("STOP").data == first.data
    assert not is_stopped(worker, merchant, caller)
    assert len(stored(worker, merchant)) == 2


def test_copies_at_the_same_moment_are_one_text(phone: Phone, worker: Runtime, merchant: MerchantScope) -> None:
    answers: list[bytes] = []
    gate = threading.Barrier(8)

    def send() -> None:
        gate.wait()
        answers.append(phone.text("STOP").data)

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert b"<Message>" in answers[0]
    assert len(stored(worker, merchant)) == 1


def test_an_unknown_number_gets_an_empty_answer_and_an_alert(phone: Phone, worker: Runtime) -> None:
    assert said(phone.text("STOP", To="+15005550999")) is None
    assert said(phone.text("STOP", To="nonsense")) is None
    assert open_alerts(worker) == ["messages.unknown_number"]


def test_a_source_of_one_merchant_does_not_reach_another(
    app: Flask, worker: Runtime, merchant: MerchantScope, line: UUID
) -> None:
    other = create_merchant(worker, "Rosa's Hair")
    account = "AC" + "7" * 32
    theirs = Phone(app, make_source(worker, "twilio", scope=other, account=account), account)
    assert said(theirs.text("STOP")) is None
    assert stored(worker, merchant) == []
    assert open_alerts(worker) == ["messages.unknown_number"]


def test_a_fault_of_ours_is_a_safe_answer_and_an_alert(phone: Phone, worker: Runtime, admin_url: str) -> None:
    servers.execute(admin_url, "update app.merchant_keys set wrapped = null")
    assert said(phone.text("two pizzas")) is None
    assert open_alerts(worker) == ["messages.incoming_failed"]


def test_an_unsigned_text_is_refused(phone: Phone, worker: Runtime, merchant: MerchantScope) -> None:
    assert phone.text("STOP", token="another-token-0123456789").status_code == 400
    assert stored(worker, merchant) == []


def test_twiml_escapes_and_drops_what_xml_cannot_hold() -> None:
    root = ElementTree.fromstring(twiml.reply("Tom & <Jerry>\x00\x0b \ud800 😀"))
    assert root.findtext("Message") == "Tom & <Jerry>  😀"
    assert ElementTree.fromstring(twiml.EMPTY).findtext("Message") is None


def test_where_twilio_confirms_keywords_we_confirm_free_wording_only(
    phone: Phone, worker: Runtime, merchant: MerchantScope, caller: UUID
) -> None:
    with worker.database.unit_of_work(merchant) as session:
        preferences.change(session, 1, keywords_confirmed_by="twilio")
    assert said(phone.text(" Stop ")) is None
    assert is_stopped(worker, merchant, caller)
    assert said(phone.text("START", "SM" + "2" * 32)) is None
    assert said(phone.text("help", "SM" + "3" * 32)) is None
    assert said(phone.text("no more texts please", "SM" + "4" * 32)) is not None
    assert said(phone.text("take me off your list", "SM" + "5" * 32)) is None


def test_a_picture_without_words_is_kept(phone: Phone, worker: Runtime, merchant: MerchantScope) -> None:
    assert (
        said(phone.text("", NumMedia="2", MediaUrl0="https://api.twilio.test/1", MediaContentType0="image/png")) is None
    )
    (row,) = stored(worker, merchant)
    assert row.media == 2


def test_while_a_person_writes_the_assistant_learns_of_texts_but_may_not_answer(
    worker: Runtime, merchant: MerchantScope, line: UUID, caller: UUID
) -> None:
    heard: list[TextReceived] = []
    bus = EventBus()
    bus.bind(TextReceived, lambda session, event: heard.append(event))
    with worker.database.unit_of_work(merchant) as session:
        session.info["events"] = bus
        for number, body in enumerate(("hello", "yes", "STOP", "HELP")):
            incoming.receive(session, line, IncomingText(f"SM{number:032}", CALLER_NUMBER, body))
        other = callers.remember(session, OTHER)
        service.write_by_hand(session, caller_id=other, phone_number_id=line, body="I am here.")
        incoming.receive(session, line, IncomingText("SM" + "9" * 32, OTHER, "hello"))
    assert [(event.body, event.assistant_may_answer) for event in heard] == [
        ("hello", True), ("yes", True), ("hello", False),
    ]  # fmt: skip
