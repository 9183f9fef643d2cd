"""Calls as the team reads them: newest first, one with what it led to, and what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.features.calls import repository, twiml
from callwaiting.features.calls.errors import CallNotFound
from callwaiting.features.calls.models import Call, CallTurn
from callwaiting.features.calls.result import OutcomeName
from callwaiting.features.calls.state_json import from_json
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants import service as merchants
from callwaiting.features.orders import service as orders


@dataclass(frozen=True, slots=True)
class Result:
    """What a call has led to."""

    order_id: UUID | None = None
    booking_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """What the caller keyed in or said (None: nothing), and what was said in return. `step` is what that asked for."""

    number: int
    step: str
    heard: str | None
    said: str
    at: datetime


def newest(
    session: Session, *, day: date | None, outcome: OutcomeName | None, before: UUID | None, limit: int
) -> Sequence[Call]:
    """Calls, newest first; those older than `before`. `day` is by the merchant's own clock."""
    days = None if day is None else merchants.days(session, day, day)
    return repository.newest(session, days=days, outcome=outcome, before=before, limit=limit)


def one(session: Session, call_id: UUID) -> Call:
    """Raises CallNotFound."""
    call = repository.by_id(session, call_id)
    if call is None:
        raise CallNotFound(str(call_id))
    return call


def result_of(session: Session, call: Call) -> Result:
    """The order that was placed in the call, or the booking that was made."""
    match call.outcome:
        case "order":
            return Result(order_id=orders.order_of_call(session, call.id))
        case "booking":
            return Result(booking_id=from_json(call.state).booking_id)
        case _:
            return Result()


def transcript(session: Session, call_id: UUID, *, after: int | None, limit: int) -> list[Turn]:
    """What was said, turn by turn; those after number `after`. Raises CallNotFound."""
    one(session, call_id)
    return [_turn(session, row) for row in repository.turns(session, call_id, after=after, limit=limit)]


def _turn(session: Session, row: CallTurn) -> Turn:
    heard = None if row.heard_sealed is None else _opened(session, "heard", row.id, row.heard_sealed).decode()
    said = twiml.spoken(_opened(session, "twiml", row.id, row.twiml_sealed))
    return Turn(row.nonce, row.step, heard, said, row.created_at)


def _opened(session: Session, column: str, turn_id: UUID, sealed: bytes) -> bytes:
    return keys.unseal(session, Place("call_turns", column, turn_id), sealed)
