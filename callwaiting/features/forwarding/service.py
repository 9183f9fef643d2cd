"""Tests of the forwarding: started, proved by the call that comes back, ended by the news of our own call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock, phone
from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.forwarding.errors import AlreadyTesting, LineUnfit, NoLine, NoSuchTest, TooManyTests
from callwaiting.features.forwarding.models import ForwardingTest
from callwaiting.features.forwarding.transitions import ENDS, NEXT, RUNNING, State
from callwaiting.features.keys import service as keys
from callwaiting.features.outbox import service as outbox
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.reception import service as reception
from callwaiting.features.webhooks.service import NotYet

EFFECT = "twilio.call"
A_DAY = 5
GIVEN_UP_AFTER = timedelta(minutes=10)  # a test that is as old has lost its worker, and no call is its proof any more


def start(session: Session, number_id: UUID) -> ForwardingTest:
    """Plan one call to the merchant's own line, made from this number of ours, to which it has to come back.

    Raises NumberNotFound, NoLine, LineUnfit, AlreadyTesting, TooManyTests.
    """
    number, line = phone_numbers.one(session, number_id).number, reception.desk(session).business_line
    if line is None:
        raise NoLine(message="Say first, at the reception, which line's calls are forwarded.")
    _require_fit(session, line, number)
    _give_up_lost(session)
    day_ago = clock.now() - timedelta(days=1)
    if session.scalars(select(func.count()).where(ForwardingTest.created_at > day_ago)).one() >= A_DAY:
        raise TooManyTests(message=f"There are {A_DAY} tests a day.", retry_after=3600)
    test_id = new_id()
    row = insert(ForwardingTest).values(
        merchant_id=merchant_of(session),
        id=test_id,
        phone_number_id=number_id,
        line_sealed=keys.seal(session, line_place(test_id), line),
    )
    if session.scalar(row.on_conflict_do_nothing().returning(ForwardingTest.id)) is None:
        raise AlreadyTesting(message="A test is running. It ends within three minutes.")
    outbox.plan(session, EFFECT, effect_key=f"forwarding_test:{test_id}", subject_id=test_id)
    audit.record(session, "forwarding.test_started", subject=f"forwarding_test:{test_id}")
    return one(session, number_id, test_id)


def prove(session: Session, number_id: UUID, *, reached: bool) -> None:
    """A call has come in that was made from this number of ours: it is the test's, come back. `reached`: to this very
    number. Without a test that is young enough it proves nothing."""
    newest_first = select(ForwardingTest).order_by(ForwardingTest.id.desc()).limit(1).with_for_update()
    row = session.scalar(
        newest_first.where(
            ForwardingTest.phone_number_id == number_id, ForwardingTest.created_at > clock.now() - GIVEN_UP_AFTER
        )
    )
    if row is not None:
        move(session, row, "works" if reached else "wrong_number")


def take_status(session: Session, call_sid: str, status: str) -> Literal["moved", "stale"]:
    """Take in a notice about a call of ours. Raises NotYet when no test has this call: it may be recorded this very
    moment."""
    row = session.scalar(select(ForwardingTest).where(ForwardingTest.call_sid == call_sid).with_for_update())
    if row is None:
        raise NotYet(f"no test made the call {call_sid}")
    end = ENDS.get(status)
    return "moved" if end is not None and move(session, row, end) else "stale"


def move(session: Session, row: ForwardingTest, state: State) -> bool:
    """Move a locked test on; False when it does not go there any more."""
    if state not in NEXT[row.state]:
        return False
    row.state = state
    if state not in RUNNING:
        row.ended_at = clock.now()
        audit.record(session, "forwarding.test_ended", subject=f"forwarding_test:{row.id}", details={"result": state})
    session.flush()
    return True


def one(session: Session, number_id: UUID, test_id: UUID) -> ForwardingTest:
    """Raises NoSuchTest, for a test of another number too."""
    row = session.scalar(
        select(ForwardingTest).where(ForwardingTest.id == test_id, ForwardingTest.phone_number_id == number_id)
    )
    if row is None:
        raise NoSuchTest(str(test_id))
    return row


def newest(session: Session, number_id: UUID, *, before: UUID | None, limit: int) -> Sequence[ForwardingTest]:
    """The tests of a number, newest first; those older than `before`. Raises NumberNotFound."""
    phone_numbers.one(session, number_id)
    query = select(ForwardingTest).where(ForwardingTest.phone_number_id == number_id)
    query = query.order_by(ForwardingTest.id.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(ForwardingTest.id < before)).all()


def proven(session: Session) -> bool:
    """Whether a call has ever come back to the number from which it was made."""
    return bool(session.scalar(select(select(ForwardingTest.id).where(ForwardingTest.state == "works").exists())))


def line_place(test_id: UUID) -> Place:
    return Place("forwarding_tests", "line", test_id)


def _require_fit(session: Session, line: str, number: str) -> None:
    """The line must be somebody's whom a call reaches at the price of an ordinary one, and not lead here."""
    if phone_numbers.owner_of(session, line) is not None:
        raise LineUnfit(message="This line is answered here: it would ring itself.")
    if not phone.may_be_rung(line, number):
        raise LineUnfit(message="Only an ordinary line in the country of the number can be tested.")


def _give_up_lost(session: Session) -> None:
    """A running test that is older than any call lasts: its worker and every notice are lost."""
    lost: datetime = clock.now() - GIVEN_UP_AFTER
    old = select(ForwardingTest).where(ForwardingTest.state.in_(RUNNING), ForwardingTest.created_at <= lost)
    for row in session.scalars(old.with_for_update()):
        move(session, row, "could_not_call")
