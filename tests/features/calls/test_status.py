"""Status notices in any order, the end of calls, and calls that nobody ended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import permutations

import psycopg2
import pytest
from sqlalchemy import update

from callwaiting.core import clock
from callwaiting.features.calls import service as calls
from callwaiting.features.calls.models import STATUSES, Call
from callwaiting.features.calls.transitions import RANKS, TERMINAL, after
from callwaiting.features.webhooks.service import NotYet
from tasks.calls import finalise_calls
from tests.factories.telephone import Telephone
from tests.features.calls.conftest import Pizzeria

NOTICES = (("ringing", 0), ("in-progress", 1), ("completed", 2), ("busy", 3))


def _apply(pizzeria: Pizzeria, phone: Telephone, status: str, seq: int) -> str:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return calls.apply_status(session, phone.call_sid, status, seq, datetime(2026, 3, 3, tzinfo=UTC))


def test_every_status_has_a_rank() -> None:
    assert set(RANKS) == set(STATUSES)
    for status in STATUSES:
        for reported in STATUSES:
            moved = after(status, reported)
            assert (moved is None) == (RANKS[reported] <= RANKS[status])
    assert after("ringing", "answered-by-aliens") is None


@pytest.mark.parametrize("notices", list(permutations(NOTICES)))
def test_notices_in_any_order(pizzeria: Pizzeria, phone: Telephone, notices: tuple[tuple[str, int], ...]) -> None:
    phone.dial()
    for status, seq in notices:
        _apply(pizzeria, phone, status, seq)
    [call] = pizzeria.calls()
    assert call.status == next(status for status, _ in notices if status in TERMINAL)
    assert (call.seq, call.ended_at) == (3, datetime(2026, 3, 3, tzinfo=UTC))
    assert [kind for kind, _, _ in pizzeria.texts()] == ["missed_call"]


def test_the_end_is_told_once_by_many(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(lambda seq: _apply(pizzeria, phone, "completed", seq), range(6)))
    assert sorted(outcomes) == ["moved"] + ["stale"] * 5
    assert len(pizzeria.texts()) == 1


def test_a_notice_before_the_first_turn_comes_again(pizzeria: Pizzeria, phone: Telephone) -> None:
    with pytest.raises(NotYet):
        _apply(pizzeria, phone, "completed", 0)
    phone.dial()
    assert _apply(pizzeria, phone, "completed", 0) == "moved"


def test_no_text_after_an_order(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    phone.speak("a cola")
    phone.press("0")
    phone.press("1")
    _apply(pizzeria, phone, "completed", 0)
    assert [kind for kind, _, _ in pizzeria.texts()] == ["payment_link"]


def test_no_text_without_a_number(pizzeria: Pizzeria) -> None:
    phone = pizzeria.phone(caller="anonymous")
    phone.dial()
    _apply(pizzeria, phone, "completed", 0)
    assert pizzeria.texts() == []


def test_a_yes_that_arrives_after_the_end_still_counts(pizzeria: Pizzeria, phone: Telephone) -> None:
    """The caller presses 1 and hangs up; the notice of the end overtakes the key."""
    phone.dial()
    phone.speak("a cola")
    phone.press("0")
    _apply(pizzeria, phone, "completed", 0)
    phone.press("1")
    assert len(pizzeria.orders()) == 1
    assert pizzeria.calls()[0].status == "completed"


def test_a_call_we_could_not_answer_is_texted(pizzeria: Pizzeria, phone: Telephone) -> None:
    for _ in range(2):
        with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
            calls.adopt(
                session,
                phone.call_sid,
                "completed",
                phone_number_id=pizzeria.number_id,
                caller=phone.caller,
                occurred_at=None,
            )
    assert [kind for kind, _, _ in pizzeria.texts()] == ["missed_call"]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session, pytest.raises(NotYet):
        calls.adopt(session, "CA1", "ringing", phone_number_id=pizzeria.number_id, caller=None, occurred_at=None)


def test_calls_without_news_are_finalised(pizzeria: Pizzeria, phone: Telephone) -> None:
    fresh = pizzeria.phone(caller="+14155550124")
    phone.dial()
    fresh.dial()
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        old = clock.now() - timedelta(minutes=11)
        session.execute(update(Call).where(Call.call_sid == phone.call_sid).values(last_event_at=old))
    finalise_calls(pizzeria.worker)
    finalise_calls(pizzeria.worker)
    assert {call.call_sid: call.finalised_at is not None for call in pizzeria.calls()} == {
        phone.call_sid: True,
        fresh.call_sid: False,
    }
    assert [kind for kind, _, _ in pizzeria.texts()] == ["missed_call"]
    _apply(pizzeria, phone, "completed", 0)
    assert len(pizzeria.texts()) == 1


def test_what_happens_to_a_call_is_recorded(pizzeria: Pizzeria, phone: Telephone, admin_url: str) -> None:
    phone.dial()
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        session.execute(update(Call).values(last_event_at=clock.now() - timedelta(minutes=11)))
    finalise_calls(pizzeria.worker)
    _apply(pizzeria, phone, "completed", 0)
    connection = psycopg2.connect(admin_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("select convert_from(record, 'utf8')::json ->> 'action' from audit.outbox")
        actions = sorted(action for (action,) in cursor.fetchall() if action.startswith(("call.", "message.")))
    connection.close()
    assert actions == ["call.finalised", "call.started", "call.status_changed", "message.planned"]
