"""Rows of calls and turns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.days import Days
from callwaiting.core.ids import new_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.calls.models import Call, CallTurn


class CallRef(NamedTuple):
    merchant_id: UUID
    call_id: UUID


class KnownCall(NamedTuple):
    id: UUID
    status: str
    outcome: str
    caller_id: UUID | None
    phone_number_id: UUID
    last_event_at: datetime
    finalised_at: datetime | None
    step: str | None


RINGS = timedelta(minutes=2)  # longer than anybody is rung
_KNOWN = """
select id, status, outcome, caller_id, phone_number_id, last_event_at, finalised_at, state->>'step'
from app.calls where """
KNOWN_BY_SID = Statement(_KNOWN + "call_sid = %(call_sid)s for update")
KNOWN_BY_ID = Statement(_KNOWN + "id = %(id)s for update")
NOTE = Statement("""
update app.calls
set last_event_at = %(at)s, seq = greatest(seq, %(seq)s), status = coalesce(%(status)s, status),
    ended_at = coalesce(%(ended_at)s, ended_at)
where id = %(id)s
""")
FINALISE = Statement("update app.calls set finalised_at = %(at)s where id = %(id)s")


def locked(session: Session, call_sid: str) -> Call | None:
    """The call, locked until the transaction ends: turns and status notices of one call go one after another."""
    return session.scalar(
        select(Call).where(Call.call_sid == call_sid).with_for_update().execution_options(populate_existing=True)
    )


def known(session: Session, call_sid: str) -> KnownCall | None:
    """What a notice needs of the call, locked until the transaction ends."""
    row = KNOWN_BY_SID(session, call_sid=call_sid).one_or_none()
    return None if row is None else KnownCall._make(row)


def known_by_id(session: Session, call_id: UUID) -> KnownCall | None:
    row = KNOWN_BY_ID(session, id=call_id).one_or_none()
    return None if row is None else KnownCall._make(row)


def note(session: Session, call_id: UUID, *, seq: int | None, status: str | None, ended_at: datetime | None) -> None:
    """Keep that there was news of the call, and of what the news tells anything."""
    NOTE(session, id=call_id, at=clock.now(), seq=seq, status=status, ended_at=ended_at)


def finalise(session: Session, call_id: UUID) -> None:
    FINALISE(session, id=call_id, at=clock.now())


def insert_if_new(session: Session, call_sid: str, *, phone_number_id: UUID, caller_id: UUID | None) -> bool:
    """Make the call's row; False when it is there already. Waits for a transaction that is just making it."""
    made: UUID | None = session.scalar(
        insert(Call)
        .values(
            merchant_id=merchant_of(session),
            id=new_id(),
            call_sid=call_sid,
            phone_number_id=phone_number_id,
            caller_id=caller_id,
        )
        .on_conflict_do_nothing(index_elements=["merchant_id", "call_sid"])
        .returning(Call.id)
    )
    return made is not None


def statuses_of(session: Session, call_sids: Collection[str]) -> Mapping[str, str]:
    rows = session.execute(select(Call.call_sid, Call.status).where(Call.call_sid.in_(call_sids)))
    return {row.call_sid: row.status for row in rows}


def has_heard(session: Session, call_id: UUID) -> bool:
    """Whether the caller has said or pressed anything."""
    said = select(CallTurn.id).where(CallTurn.call_id == call_id, CallTurn.heard_sealed.is_not(None))
    return session.scalar(said.limit(1)) is not None


def turn(session: Session, call_id: UUID, nonce: int) -> CallTurn | None:
    return session.scalar(select(CallTurn).where(CallTurn.call_id == call_id, CallTurn.nonce == nonce))


def is_ringing(session: Session, call: Call) -> bool:
    """Whether another call of the same caller is just being put through."""
    other = select(Call.id).where(
        Call.caller_id == call.caller_id,
        Call.id != call.id,
        Call.finalised_at.is_(None),
        Call.state["ringing"].as_boolean(),
        Call.last_event_at > clock.now() - RINGS,
    )
    return session.scalar(other.limit(1)) is not None


def by_sid(session: Session, call_sid: str) -> Call | None:
    """The call as it stands, not locked."""
    return session.scalar(select(Call).where(Call.call_sid == call_sid))


def by_id(session: Session, call_id: UUID) -> Call | None:
    return session.scalar(select(Call).where(Call.id == call_id))


def newest(
    session: Session, *, days: Days | None, outcome: str | None, before: UUID | None, limit: int
) -> Sequence[Call]:
    """Calls by their ids, which rise with time, newest first; those older than `before`."""
    query = select(Call).order_by(Call.id.desc()).limit(limit)
    if days is not None:
        query = query.where(days.contain(Call.started_at))
    if outcome is not None:
        query = query.where(Call.outcome == outcome)
    return session.scalars(query if before is None else query.where(Call.id < before)).all()


def turns(session: Session, call_id: UUID, *, after: int | None, limit: int) -> Sequence[CallTurn]:
    """The turns of a call in their order; those after number `after`."""
    query = select(CallTurn).where(CallTurn.call_id == call_id).order_by(CallTurn.nonce).limit(limit)
    return session.scalars(query if after is None else query.where(CallTurn.nonce > after)).all()


def silent_since(session: Session, instant: datetime, limit: int) -> list[CallRef]:
    """Calls of all merchants that are not finalised and had no news since `instant`; for the service role."""
    rows = session.execute(
        select(Call.merchant_id, Call.id)
        .where(Call.finalised_at.is_(None), Call.last_event_at <= instant)
        .order_by(Call.last_event_at)
        .limit(limit)
    )
    return [CallRef(merchant_id, call_id) for merchant_id, call_id in rows]
