"""Twilio's lists and ours: what never reached us is taken in once, and nothing that we know is taken back."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.features.callers import service as callers
from callwaiting.features.calls import service as calls
from callwaiting.features.calls.models import Call
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.messages.models import Message
from callwaiting.features.reconciliation import telephony
from callwaiting.features.reconciliation.telephony import Heard, compare_telephony
from callwaiting.sandbox.app import sandbox_of
from callwaiting.sandbox.twilio_api import add_message
from callwaiting.sandbox.twilio_resources import SETTLED_AFTER
from tasks.reconcile import Report, compare_calls_and_texts
from tests.factories.payments import CALLER_NUMBER, SHOP_NUMBER
from tests.factories.webhooks import make_source
from tests.features.reconciliation.conftest import ACCOUNT, Books
from tests.features.webhooks.conftest import Query, query

__all__ = ["query"]  # a fixture

CALLER = "+12125550123"


def compare(books: Books) -> Heard:
    now = clock.now()
    window = (now - timedelta(hours=1), now + timedelta(minutes=1))
    return compare_telephony(books.runtime.database, books.runtime.providers.telephony, *window)


def unreached(books: Books, caller: str = CALLER) -> str:
    sid: str = books.control("calls", **{"from": caller, "to": SHOP_NUMBER, "unreached": True})["call_sid"]
    return sid


def outgoing(books: Books, status: str, *, sid: str | None = None) -> str:
    """A text of ours that Twilio has delivered, with the status that we know of; its id there."""
    here = sandbox_of(books.world.server.app)
    row = add_message(here, "outbound-api", SHOP_NUMBER, CALLER_NUMBER, "Pay here")
    with books.runtime.database.unit_of_work(books.scope) as session:
        session.execute(
            update(Message)
            .where(Message.kind == "payment_link")
            .values(provider_id=sid or row["sid"], status=status, sent_at=clock.now())
        )
    time.sleep(SETTLED_AFTER)
    return sid or str(row["sid"])


def rows(books: Books, *columns: Any) -> list[tuple[Any, ...]]:
    with books.runtime.database.unit_of_work(books.scope) as session:
        return [tuple(row) for row in session.execute(select(*columns))]


def texts(books: Books, kind: str) -> int:
    return [found for (found,) in rows(books, Message.kind)].count(kind)


def test_a_missed_call_that_never_reached_us_is_taken_in_once_and_its_caller_texted(books: Books) -> None:
    sid = unreached(books)
    first, again = compare(books), compare(books)

    assert (first.repaired, again.repaired) == (1, 0)
    assert rows(books, Call.call_sid, Call.status) == [(sid, "failed")]
    assert books.findings() == [("call", "missing_here", "", "failed", "resolved")]
    assert books.alerts("calls.never_reached") == [("open", 1)]
    assert texts(books, "missed_call") == 1


def test_a_late_notice_changes_nothing_any_more(books: Books) -> None:
    sid = unreached(books)
    compare(books)
    with books.runtime.database.unit_of_work(books.scope) as session:
        assert calls.apply_status(session, sid, "failed", 0, clock.now()) == "stale"
    assert texts(books, "missed_call") == 1


def test_an_old_missed_call_is_told_to_the_team_alone(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telephony, "TEXT_BACK_WITHIN", -timedelta(seconds=5))
    unreached(books)
    compare(books)
    assert books.alerts("calls.never_reached") == [("open", 1)]
    assert texts(books, "missed_call") == 0


def test_whoever_wants_no_texts_gets_none(books: Books) -> None:
    with books.runtime.database.unit_of_work(books.scope) as session:
        caller_id = callers.remember(session, CALLER)
        consents.record_revocation_once(session, caller_id, origin="sms", evidence="STOP", source="test")
    unreached(books)
    compare(books)
    with books.runtime.database.unit_of_work(books.scope) as session:
        kept = session.scalars(select(Message.status).where(Message.kind == "missed_call")).all()
    assert set(kept) <= {"suppressed"}


def test_a_call_whose_end_we_did_not_hear(books: Books) -> None:
    sid = unreached(books)
    with books.runtime.database.unit_of_work(books.scope) as session:
        session.add(
            Call(
                merchant_id=books.scope.merchant_id, id=new_id(), call_sid=sid, caller_id=None,
                phone_number_id=books.world.payable.phone_number_id, status="in-progress",
            )
        )  # fmt: skip
    compare(books)
    assert rows(books, Call.status) == [("failed",)]
    assert books.findings() == [("call", "state_differs", "in-progress", "failed", "resolved")]
    assert books.alerts("calls.never_reached") == []


def test_a_text_that_never_reached_us_is_kept_once_and_its_stop_honoured(books: Books) -> None:
    sent = books.control(f"phones/{CALLER}/text", to=SHOP_NUMBER, body="STOP", unreached=True)
    first, again = compare(books), compare(books)

    assert (first.repaired, again.repaired) == (1, 0)
    assert (sent["message_sid"], "in") in rows(books, Message.provider_id, Message.direction)
    with books.runtime.database.unit_of_work(books.scope) as session, pytest.raises(ConsentRevoked):
        consents.require_consent(session, callers.remember(session, CALLER))
    assert books.alerts("messages.never_reached") == [("open", 1)]


@pytest.mark.parametrize(("had", "becomes", "repaired"), [("sent", "delivered", 1), ("read", "read", 0)])
def test_a_status_moves_forward_and_never_back(books: Books, had: str, becomes: str, repaired: int) -> None:
    outgoing(books, had)
    assert compare(books).repaired == repaired
    assert (becomes,) in rows(books, Message.status)
    assert len(books.findings()) == repaired


def test_a_text_that_twilio_does_not_know(books: Books) -> None:
    outgoing(books, "sent", sid="SM" + "f" * 32)
    compare(books)
    compare(books)
    # The text that the sandbox did send under another id is nobody's of ours.
    assert sorted(books.findings()) == [
        ("message", "missing_here", "", "delivered", "open"),
        ("message", "missing_there", "sent", "", "open"),
    ]
    assert books.alerts() == [("open", 1), ("open", 1)]


def test_numbers_of_nobody_are_left_alone(books: Books) -> None:
    here = sandbox_of(books.world.server.app)
    add_message(here, "inbound", CALLER, "+15005550999", "hello")
    assert compare(books) == Heard(1, 0, 0)


def test_the_job_keeps_its_run_apart_from_that_of_events(books: Books, query: Query) -> None:
    told: list[Report] = []
    compare_calls_and_texts(books.runtime, tell=told.append)
    assert told == []  # there is no source of this account
    make_source(books.runtime, "twilio", account=ACCOUNT)
    compare_calls_and_texts(books.runtime, tell=told.append)
    assert [(report.provider, report.error) for report in told] == [("twilio", None)]
    assert query("select what, error from app.reconcile_runs") == [{"what": "telephony", "error": None}]
