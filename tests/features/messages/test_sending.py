"""One planned text, from its plan to Twilio's last notice."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from sqlalchemy import select

from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.consents.models import Consent
from callwaiting.features.messages import sending
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.errors import NoTwilioSource
from callwaiting.features.messages.models import STATUSES, Message
from callwaiting.features.messages.transitions import NEXT
from callwaiting.features.outbox.models import Effect
from callwaiting.features.webhooks.service import NotYet
from callwaiting.features.webhooks.source_admin import RegisteredSource
from callwaiting.providers.ports import ProviderOutcomeUnknown, ProviderRejected
from callwaiting.providers.registry import Providers
from tests.factories.payments import CALLER_NUMBER, SHOP_NUMBER
from tests.providers.api_server import Answer, ApiServer, json_answer

SID = "SM" + "a" * 32
pytestmark = pytest.mark.usefixtures("daytime")


class Texts:
    """Plans texts of one merchant and performs their effects step by step."""

    def __init__(self, worker: Runtime, scope: MerchantScope, caller: UUID, line: UUID, providers: Providers) -> None:
        self.worker, self.scope, self.caller, self.line, self.providers = worker, scope, caller, line, providers

    def plan(self, key: str = "receipt:1", body: str = "Thank you!") -> UUID:
        with self.worker.database.unit_of_work(self.scope) as session:
            return messages.plan_message(
                session, caller_id=self.caller, phone_number_id=self.line, kind="receipt", message_key=key, body=body
            )

    def perform(self, message_id: UUID, *, unclear: bool = False) -> None:
        with self.worker.database.unit_of_work(self.scope) as session:
            dispatch = sending.load(session, message_id)
        assert dispatch is not None
        try:
            sent = sending.call(self.providers, dispatch, unclear)
        except ProviderRejected as error:
            with self.worker.database.unit_of_work(self.scope) as session:
                sending.reject(session, message_id, error)
            return
        with self.worker.database.unit_of_work(self.scope) as session:
            sending.record(session, message_id, sent)

    def notice(self, status: str, error_code: str = "", sid: str = SID) -> str:
        with self.worker.database.unit_of_work(self.scope) as session:
            return sending.apply_status(session, sid, status, error_code)

    def declare(self, said: str) -> None:
        with self.worker.database.unit_of_work(self.scope) as session:
            consents.honour(session, self.caller, said, origin="sms")

    def row(self, message_id: UUID) -> Message:
        with self.worker.database.unit_of_work(self.scope) as session:
            return session.scalars(select(Message).where(Message.id == message_id)).one()

    def effects(self) -> list[str]:
        with self.worker.database.unit_of_work(self.scope) as session:
            return list(session.scalars(select(Effect.effect_key).order_by(Effect.effect_key)))


@pytest.fixture
def texts(
    worker: Runtime,
    merchant: MerchantScope,
    caller: UUID,
    line: UUID,
    source: RegisteredSource,
    providers: Providers,
) -> Texts:
    return Texts(worker, merchant, caller, line, providers)


def resource(sid: str = SID, status: str = "queued", body: str = "Thank you!") -> dict[str, object]:
    made = format_datetime(datetime.now(UTC))
    return {
        "sid": sid, "status": status, "body": body, "date_created": made, "date_sent": None, "date_updated": made,
        "from": SHOP_NUMBER, "to": CALLER_NUMBER, "num_segments": "1", "num_media": "0", "direction": "outbound-api",
    }  # fmt: skip


def listing(*found: dict[str, object]) -> Answer:
    return json_answer({"messages": list(found), "page": 0, "next_page_uri": None, "uri": "/", "page_size": 50})


def test_a_text_is_planned_once_per_key(texts: Texts) -> None:
    first, second = texts.plan(), texts.plan(body="another body")
    other = texts.plan("receipt:2")
    assert first == second != other
    assert texts.effects() == sorted([f"message:{first}", f"message:{other}"])


def test_a_revoked_caller_gets_a_suppressed_row_and_no_effect(texts: Texts) -> None:
    texts.declare("STOP")
    assert texts.row(texts.plan()).status == "suppressed"
    assert texts.effects() == []


def test_the_body_is_sealed(texts: Texts) -> None:
    assert b"Thank" not in texts.row(texts.plan()).body_sealed


def test_sending_names_the_numbers_and_the_status_callback(
    texts: Texts, twilio: ApiServer, source: RegisteredSource
) -> None:
    message_id = texts.plan()
    twilio.answers.append(json_answer(resource(), 201))
    texts.perform(message_id)
    (request,) = twilio.received
    assert dict(parse_qsl(request.body.decode())) == {
        "From": SHOP_NUMBER, "To": CALLER_NUMBER, "Body": "Thank you!", "StatusCallback": source.public_url,
    }  # fmt: skip
    row = texts.row(message_id)
    assert (row.status, row.provider_id) == ("queued", SID)


def test_no_registered_endpoint_keeps_the_text_waiting(
    worker: Runtime, merchant: MerchantScope, caller: UUID, line: UUID, providers: Providers
) -> None:
    message_id = Texts(worker, merchant, caller, line, providers).plan()
    with pytest.raises(NoTwilioSource), worker.database.unit_of_work(merchant) as session:
        sending.load(session, message_id)


def test_a_stop_between_plan_and_sending_suppresses_it(texts: Texts, twilio: ApiServer) -> None:
    message_id = texts.plan()
    texts.declare("no more texts please")
    texts.perform(message_id)
    assert twilio.received == []
    assert texts.row(message_id).status == "suppressed"


def test_an_unknown_outcome_is_looked_up_and_not_sent_again(texts: Texts, twilio: ApiServer) -> None:
    message_id = texts.plan()
    twilio.answers.append(Answer(drop=True))
    with pytest.raises(ProviderOutcomeUnknown):
        texts.perform(message_id)
    twilio.answers.append(listing(resource(status="sent")))
    texts.perform(message_id, unclear=True)
    assert [request.method for request in twilio.received] == ["POST", "GET"]
    assert (texts.row(message_id).status, texts.row(message_id).provider_id) == ("sent", SID)


def test_an_unknown_outcome_that_did_nothing_is_sent(texts: Texts, twilio: ApiServer) -> None:
    message_id = texts.plan()
    twilio.answers += [listing(resource(body="another text")), json_answer(resource(), 201)]
    texts.perform(message_id, unclear=True)
    assert [request.method for request in twilio.received] == ["GET", "POST"]
    assert texts.row(message_id).provider_id == SID


def test_after_a_stop_an_unclear_sending_is_still_looked_up(texts: Texts, twilio: ApiServer) -> None:
    gone, sent = texts.plan("receipt:1", "never sent"), texts.plan("receipt:2")
    texts.declare("STOP")
    twilio.answers += [listing(), listing(resource())]
    texts.perform(gone, unclear=True)
    texts.perform(sent, unclear=True)
    assert [request.method for request in twilio.received] == ["GET", "GET"]
    assert (texts.row(gone).status, texts.row(sent).status) == ("suppressed", "queued")


def test_a_look_up_that_meets_the_twin_of_the_text_sends_nothing(texts: Texts, twilio: ApiServer) -> None:
    first, second = texts.plan("missed:1"), texts.plan("missed:2")
    twilio.answers += [json_answer(resource(), 201), listing(resource())]
    texts.perform(first)
    texts.perform(second, unclear=True)
    assert (texts.row(first).provider_id, texts.row(second).status) == (SID, "suppressed")


def test_twilios_opt_out_goes_into_the_ledger_once(texts: Texts, twilio: ApiServer, worker: Runtime) -> None:
    first, second = texts.plan("receipt:1"), texts.plan("receipt:2")
    refusal = json_answer({"code": 21610, "message": "unsubscribed recipient", "status": 400}, 400)
    twilio.answers += [refusal]
    texts.perform(first)
    with worker.database.unit_of_work(texts.scope) as session:
        sending.reject(session, second, ProviderRejected("again", provider_code="21610"))
    assert [(texts.row(each).status, texts.row(each).error_code) for each in (first, second)] == [
        ("failed", "21610"),
        ("failed", "21610"),
    ]
    with worker.database.unit_of_work(texts.scope) as session:
        with pytest.raises(ConsentRevoked):
            consents.require_consent(session, texts.caller)
        assert session.scalars(select(Consent.origin)).all() == ["provider"]
    assert texts.row(texts.plan("receipt:3")).status == "suppressed"


def test_another_refusal_fails_with_its_code_and_leaves_consent_alone(
    texts: Texts, twilio: ApiServer, worker: Runtime
) -> None:
    message_id = texts.plan()
    twilio.answers.append(json_answer({"code": 21211, "message": "invalid To", "status": 400}, 400))
    texts.perform(message_id)
    assert (texts.row(message_id).status, texts.row(message_id).error_code) == ("failed", "21211")
    with worker.database.unit_of_work(texts.scope) as session:
        consents.require_consent(session, texts.caller)


def sent(texts: Texts, twilio: ApiServer) -> UUID:
    message_id = texts.plan(f"receipt:{new_id()}")
    twilio.answers.append(json_answer(resource(), 201))
    texts.perform(message_id)
    return message_id


def test_a_notice_before_our_own_record_is_not_yet(texts: Texts, twilio: ApiServer) -> None:
    with pytest.raises(NotYet):
        texts.notice("sent")
    message_id = sent(texts, twilio)
    assert texts.notice("sent") == "moved"
    assert texts.row(message_id).status == "sent"


@pytest.mark.parametrize(
    ("notices", "outcomes", "final"),
    [
        (["sending", "sent", "delivered"], ["moved", "moved", "moved"], "delivered"),
        (["delivered", "sent", "sending"], ["moved", "stale", "stale"], "delivered"),
        (["failed", "delivered"], ["moved", "stale"], "failed"),
        (["undelivered", "sent"], ["moved", "stale"], "undelivered"),
        (["delivered", "failed"], ["moved", "stale"], "delivered"),
        (["sent", "sent", "read", "delivered"], ["moved", "stale", "moved", "stale"], "read"),
        (["scheduled", "sent"], ["unknown_status", "moved"], "sent"),
    ],
)
def test_statuses_move_forward_only(
    texts: Texts, twilio: ApiServer, notices: list[str], outcomes: list[str], final: str
) -> None:
    message_id = sent(texts, twilio)
    assert [texts.notice(status) for status in notices] == outcomes
    assert texts.row(message_id).status == final


def test_an_undelivered_text_keeps_its_code(texts: Texts, twilio: ApiServer) -> None:
    message_id = sent(texts, twilio)
    texts.notice("undelivered", "30003")
    assert texts.row(message_id).error_code == "30003"


def test_the_table_knows_every_status_and_only_those() -> None:
    assert set(NEXT) == set(STATUSES)
    assert set().union(*NEXT.values()) <= set(STATUSES)
    assert all(status not in reached for status, reached in NEXT.items())
