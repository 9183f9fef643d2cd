"""What is done about texts that Twilio refuses or does not deliver."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts.models import Alert
from callwaiting.features.messages import gate, incoming, sending, thread_state
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.incoming import IncomingText
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.provider_errors import FAILURES, Remedy, failure_of
from callwaiting.features.orders.models import Order
from callwaiting.features.webhooks.source_admin import RegisteredSource
from callwaiting.providers.ports import ProviderRejected
from callwaiting.providers.registry import Providers
from tests.factories.payments import CALLER_NUMBER, make_payable
from tests.features.messages.test_sending import Texts, resource
from tests.providers.api_server import ApiServer, json_answer

pytestmark = pytest.mark.usefixtures("daytime")


@pytest.fixture
def texts(
    worker: Runtime, merchant: MerchantScope, caller: UUID, line: UUID, source: RegisteredSource, providers: Providers
) -> Texts:
    return Texts(worker, merchant, caller, line, providers)


def reject(texts: Texts, message_id: UUID, code: str) -> None:
    with texts.worker.database.unit_of_work(texts.scope) as session:
        sending.reject(session, message_id, ProviderRejected("refused", provider_code=code))


def alerts(texts: Texts) -> list[str]:
    with texts.worker.database.unit_of_work(texts.scope) as session:
        return list(session.scalars(select(Alert.rule).order_by(Alert.rule)))


def test_the_table_says_what_to_do_about_each_code_and_an_unknown_one_fails_its_text_only() -> None:
    expected = {
        "21610": Remedy.STOP, "30003": Remedy.AGAIN, "30005": Remedy.UNREACHABLE, "30006": Remedy.UNREACHABLE,
        "21211": Remedy.UNREACHABLE, "21614": Remedy.UNREACHABLE, "30007": Remedy.ALERT, "30034": Remedy.ALERT,
        "21408": Remedy.ALERT, "30008": Remedy.NONE, "99999": Remedy.NONE, "": Remedy.NONE,
    }  # fmt: skip
    assert {code: failure_of(code).remedy for code in expected} == expected
    assert all(code.isdigit() and failure.meaning.endswith(".") for code, failure in FAILURES.items())


def test_a_phone_that_was_off_is_tried_once_more_a_quarter_of_an_hour_later(texts: Texts, twilio: ApiServer) -> None:
    message_id = texts.plan()
    twilio.answers.append(json_answer(resource(), 201))
    texts.perform(message_id)
    assert [texts.notice("undelivered", "30003") for _ in range(2)] == ["moved", "stale"]
    with texts.worker.database.unit_of_work(texts.scope) as session:
        again = session.scalars(select(Message).where(Message.message_key == f"again:{message_id}")).one()
    assert again.status == "planned"
    assert again.send_after is not None
    assert again.send_after > clock.now() + timedelta(minutes=14)
    reject(texts, again.id, "30003")
    with texts.worker.database.unit_of_work(texts.scope) as session:
        assert len(session.scalars(select(Message.id)).all()) == 2


def test_a_landline_is_remembered_until_it_texts_us(texts: Texts) -> None:
    reject(texts, texts.plan(), "30006")
    later = texts.row(texts.plan("receipt:2"))
    assert (later.status, later.reason) == ("suppressed", "the number takes no texts")
    with texts.worker.database.unit_of_work(texts.scope) as session:
        assert thread_state.state(session, texts.caller).unreachable_code == "30006"
        incoming.receive(session, texts.line, IncomingText("SM" + "7" * 32, CALLER_NUMBER, "hello"))
    assert texts.row(texts.plan("receipt:3")).status == "planned"


def test_a_filtered_text_raises_one_alert_that_says_why(texts: Texts) -> None:
    for key in ("a", "b"):
        reject(texts, texts.plan(key), "30007")
    assert alerts(texts) == ["messages.provider_refuses"]
    with texts.worker.database.unit_of_work(texts.scope) as session:
        alert = session.scalars(select(Alert)).one()
    assert (alert.count, "filtered" in alert.summary, "30007" in alert.summary) == (2, True, True)


def test_a_payment_link_to_a_phone_that_was_off_is_sent_once_more_and_then_somebody_is_told(
    texts: Texts, worker: Runtime, merchant: MerchantScope
) -> None:
    make_payable(worker, merchant, line=texts.line)
    with worker.database.unit_of_work(merchant) as session:
        link = session.scalars(select(Message).where(Message.kind == "payment_link")).one()
    reject(texts, link.id, "30003")
    assert alerts(texts) == []
    with worker.database.unit_of_work(merchant) as session:
        again = session.scalars(select(Message).where(Message.message_key == f"again:{link.id}")).one()
        assert gate.withheld_now(session, again) is None  # still true, as the first one was
        session.execute(update(Order).values(version=2))
        assert gate.withheld_now(session, again) == gate.Withheld("no longer true")
    reject(texts, again.id, "30003")
    assert alerts(texts) == ["orders.link_undelivered"]


def test_a_payment_link_that_did_not_arrive_is_shown_and_raised(
    texts: Texts, worker: Runtime, merchant: MerchantScope
) -> None:
    payable = make_payable(worker, merchant, line=texts.line)
    with worker.database.unit_of_work(merchant) as session:
        link = session.scalars(select(Message).where(Message.kind == "payment_link")).one()
        assert link.subject_id == payable.order_id
    reject(texts, link.id, "21614")
    assert alerts(texts) == ["orders.link_undelivered"]
    with worker.database.unit_of_work(merchant) as session:
        fate = messages.fate_of(session, payable.order_id, "payment_link")
    assert fate is not None
    assert (fate.status, fate.error_code, fate.problem) == ("failed", "21614", FAILURES["21614"].meaning)
