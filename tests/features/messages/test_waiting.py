"""Texts that keep quiet hours, from their plan to the morning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.consents import service as consents
from callwaiting.features.messages import incoming, sending
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.after_calls import text_after_call
from callwaiting.features.messages.incoming import IncomingText
from callwaiting.features.messages.models import Message
from callwaiting.features.outbox.models import Effect
from callwaiting.features.webhooks.source_admin import RegisteredSource
from callwaiting.providers.ports import SentMessage
from callwaiting.providers.registry import Providers
from tests.factories.payments import CALLER_NUMBER, make_caller
from tests.features.messages.test_sending import SID, Texts

NIGHT = datetime(2026, 6, 11, 7, 0, tzinfo=UTC)  # 3 o'clock where the business is
MORNING = datetime(2026, 6, 11, 12, 0, tzinfo=UTC)  # 8 o'clock
EVENING = datetime(2026, 6, 11, 22, 0, tzinfo=UTC)
LANDLINE = "+442079460000"


@pytest.fixture
def texts(
    worker: Runtime, merchant: MerchantScope, caller: UUID, line: UUID, source: RegisteredSource, providers: Providers
) -> Texts:
    return Texts(worker, merchant, caller, line, providers)


def effects(texts: Texts, message_id: UUID) -> list[datetime]:
    with texts.worker.database.unit_of_work(texts.scope) as session:
        query = select(Effect.next_at).where(Effect.subject_id == message_id).order_by(Effect.id)
        return list(session.scalars(query))


def step(texts: Texts, message_id: UUID, at: datetime) -> sending.Dispatch | None:
    """What the worker would do with the text at that moment; what is withheld is recorded."""
    with clock.frozen(at), texts.worker.database.unit_of_work(texts.scope) as session:
        dispatch = sending.load(session, message_id)
        if dispatch is not None and dispatch.withheld is not None:
            sending.record(session, message_id, dispatch.withheld)
        return dispatch


def test_a_text_at_night_waits_for_the_morning_and_is_sent_once(texts: Texts) -> None:
    with clock.frozen(NIGHT):
        message_id = texts.plan()
    row = texts.row(message_id)
    assert (row.status, row.send_after) == ("planned", MORNING)
    assert effects(texts, message_id) == [MORNING]

    dispatch = step(texts, message_id, MORNING)
    assert dispatch is not None
    assert dispatch.withheld is None
    with texts.worker.database.unit_of_work(texts.scope) as session:
        sending.record(session, message_id, SentMessage(SID, "queued"))
    assert step(texts, message_id, MORNING) is None
    assert len(effects(texts, message_id)) == 1


def test_a_worker_whose_clock_is_behind_waits_on_and_loses_nothing(texts: Texts) -> None:
    with clock.frozen(NIGHT):
        message_id = texts.plan()
    for early in (timedelta(seconds=1), timedelta(seconds=1), timedelta(minutes=1)):
        step(texts, message_id, MORNING - early)
    assert effects(texts, message_id) == [MORNING] * 4
    assert texts.row(message_id).status == "planned"


def test_a_text_that_was_late_for_the_evening_waits_for_the_morning(texts: Texts) -> None:
    with clock.frozen(EVENING):
        message_id = texts.plan()
    assert texts.row(message_id).send_after is None
    step(texts, message_id, NIGHT + timedelta(days=1))  # a worker that was away for hours
    assert texts.row(message_id).send_after == MORNING + timedelta(days=1)


def test_an_answer_to_a_live_call_goes_out_at_night(texts: Texts) -> None:
    with clock.frozen(NIGHT), texts.worker.database.unit_of_work(texts.scope) as session:
        message_id = messages.plan_message(
            session, caller_id=texts.caller, phone_number_id=texts.line, kind="payment_link", message_key="link:1",
            body="Pay here", answers_live_call=True,
        )  # fmt: skip
    dispatch = step(texts, message_id, NIGHT)
    assert dispatch is not None
    assert dispatch.withheld is None


def test_a_stop_drops_what_waits_at_once_and_a_later_start_does_not_bring_it_back(texts: Texts) -> None:
    with clock.frozen(NIGHT):
        message_id = texts.plan()
        texts.declare("take me off your list")
        row = texts.row(message_id)
        assert (row.status, row.reason) == ("suppressed", "consent revoked")
        texts.declare("START")
    assert step(texts, message_id, MORNING) is None


def test_a_later_text_about_the_same_booking_replaces_one_that_waits(texts: Texts) -> None:
    booking, other = new_id(), new_id()
    with clock.frozen(NIGHT), texts.worker.database.unit_of_work(texts.scope) as session:
        first, second, another = (
            messages.plan_message(
                session, caller_id=texts.caller, phone_number_id=texts.line, kind="booking_note",
                message_key=f"b:{number}", body="3 p.m.", subject_id=subject,
            )
            for number, subject in enumerate((booking, booking, other))
        )  # fmt: skip
    for message_id in (first, second, another):
        step(texts, message_id, MORNING)
    assert texts.row(first).reason == "overtaken by a later text"
    assert [texts.row(each).status for each in (second, another)] == ["planned", "planned"]


def test_a_person_answers_at_night_who_was_asked_at_night(texts: Texts) -> None:
    def write() -> UUID:
        with texts.worker.database.unit_of_work(texts.scope) as session:
            return messages.write_by_hand(
                session, caller_id=texts.caller, phone_number_id=texts.line, body="We open at 9."
            )

    with clock.frozen(NIGHT):
        assert texts.row(write()).send_after == MORNING
    with texts.worker.database.unit_of_work(texts.scope) as session:
        incoming.receive(session, texts.line, IncomingText("SM" + "9" * 32, CALLER_NUMBER, "When do you open?"))
    now = clock.now()
    with clock.frozen(now.replace(hour=7) + timedelta(days=2)):
        assert texts.row(write()).send_after is not None  # the question is long ago
    with clock.frozen(now):
        assert texts.row(write()).send_after is None


def missed(texts: Texts, at: datetime, caller: UUID, *, ago: timedelta = timedelta(seconds=5)) -> Message | None:
    call_id = new_id()
    with clock.frozen(at), texts.worker.database.unit_of_work(texts.scope) as session:
        for _ in range(2):
            text_after_call(
                session, "missed_call", call_id=call_id, caller_id=caller, phone_number_id=texts.line, ended_at=at - ago
            )
        return session.scalar(select(Message).where(Message.message_key == f"missed:{call_id}"))


def test_a_missed_call_is_texted_once_at_any_hour_with_name_and_stop(texts: Texts) -> None:
    made = missed(texts, NIGHT, texts.caller)
    assert made is not None
    assert (made.status, made.send_after, made.segments) == ("planned", None, 1)
    dispatch = step(texts, made.id, NIGHT)
    assert dispatch is not None
    assert "Luigi's Pizza" in dispatch.message.body
    assert "STOP" in dispatch.message.body


def test_whoever_rings_again_without_a_word_gets_no_second_text_that_day(texts: Texts) -> None:
    now = clock.now()
    assert missed(texts, now, texts.caller) is not None
    assert missed(texts, now, texts.caller) is None
    assert missed(texts, now + timedelta(hours=25), texts.caller) is not None
    with texts.worker.database.unit_of_work(texts.scope) as session:
        incoming.receive(session, texts.line, IncomingText("SM" + "8" * 32, CALLER_NUMBER, "a table for two"))
    assert missed(texts, now, texts.caller) is not None


def test_a_landline_gets_no_text_of_a_missed_call(texts: Texts, worker: Runtime, merchant: MerchantScope) -> None:
    assert missed(texts, NIGHT, make_caller(worker, merchant, LANDLINE)) is None


def test_a_missed_call_that_was_learned_of_late_keeps_quiet_hours(texts: Texts) -> None:
    made = missed(texts, NIGHT, texts.caller, ago=timedelta(hours=3))
    assert made is not None
    assert made.send_after == MORNING


def test_who_opted_out_gets_no_text_of_a_missed_call(texts: Texts) -> None:
    with texts.worker.database.unit_of_work(texts.scope) as session:
        consents.record_declaration(session, texts.caller, "revoked", origin="voice", evidence="stop texting me")
    made = missed(texts, NIGHT, texts.caller)
    assert made is not None
    assert (made.status, made.reason) == ("suppressed", "consent revoked")
