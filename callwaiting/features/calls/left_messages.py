"""Messages that callers leave for the team: in words that were read back, or as a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.calls.errors import LeftMessageNotFound
from callwaiting.features.calls.models import LeftMessage
from callwaiting.features.calls.talk import Talk
from callwaiting.features.keys import service as keys

StateName = Literal["draft", "left", "done"]


@dataclass(frozen=True, slots=True)
class Left:
    """A message as the team reads it. `text` is None for a recording, which has `recording_sid` and `seconds`."""

    id: UUID
    call_id: UUID | None
    caller_id: UUID | None
    state: str
    text: str | None
    recording_sid: str | None
    seconds: int | None
    version: int
    created_at: datetime


def draft(session: Session, talk: Talk, text: str) -> UUID:
    """Keep what the caller said until the caller says yes to it; returns its id."""
    message_id = new_id()
    session.add(
        LeftMessage(
            merchant_id=merchant_of(session),
            id=message_id,
            call_id=talk.call_id,
            caller_id=talk.caller_id,
            state="draft",
            body_sealed=keys.seal(session, _place(message_id), text),
        )
    )
    session.flush()
    return message_id


def pass_on(session: Session, talk: Talk, message_id: UUID) -> None:
    """The caller said yes: tell the team. Earlier drafts of the call (or by text) are replaced by this one."""
    same = LeftMessage.call_id == talk.call_id if talk.call else LeftMessage.call_id.is_(None)
    if talk.call is None:
        same = same & (LeftMessage.caller_id == talk.caller_id)
    for row in session.scalars(select(LeftMessage).where(same).with_for_update()):
        if row.id == message_id:
            row.state, row.caller_id = "left", talk.caller_id
        elif row.state == "draft":
            row.state = "done"
    _tell(session, talk, message_id)


def keep_recording(session: Session, talk: Talk, recording_sid: str, seconds: int) -> None:
    """Tell the team of a recorded message; told of the same recording again it does nothing."""
    message_id = new_id()
    made: UUID | None = session.scalar(
        insert(LeftMessage)
        .values(
            merchant_id=merchant_of(session),
            id=message_id,
            call_id=talk.call_id,
            caller_id=talk.caller_id,
            state="left",
            recording_sid=recording_sid,
            seconds=seconds,
        )
        .on_conflict_do_nothing(index_elements=["merchant_id", "recording_sid"])
        .returning(LeftMessage.id)
    )
    if made is not None:
        _tell(session, talk, made)


def newest(session: Session, *, state: StateName | None, before: UUID | None, limit: int) -> list[Left]:
    """Messages by their ids, which rise with time, newest first; those older than `before`."""
    query = select(LeftMessage).order_by(LeftMessage.id.desc()).limit(limit)
    if state is not None:
        query = query.where(LeftMessage.state == state)
    rows: Sequence[LeftMessage] = session.scalars(
        query if before is None else query.where(LeftMessage.id < before)
    ).all()
    return [_left(session, row) for row in rows]


def one(session: Session, message_id: UUID) -> Left:
    """Raises LeftMessageNotFound."""
    row = session.scalar(select(LeftMessage).where(LeftMessage.id == message_id))
    if row is None:
        raise LeftMessageNotFound(str(message_id))
    return _left(session, row)


def settle(session: Session, message_id: UUID, version: int) -> Left:
    """Say that the team has done what was asked. Raises LeftMessageNotFound, PreconditionFailed."""
    row = session.scalar(select(LeftMessage).where(LeftMessage.id == message_id).with_for_update())
    if row is None:
        raise LeftMessageNotFound(str(message_id))
    require_version(row.version, version)
    row.state, row.version = "done", version + 1
    session.flush()
    audit.record(session, "call.message_settled", subject=f"left_message:{message_id}")
    alerts.resolve_alert(session, "calls.message_left", subject=f"left_message:{message_id}")
    return _left(session, row)


def _tell(session: Session, talk: Talk, message_id: UUID) -> None:
    alerts.raise_alert(
        session,
        "calls.message_left",
        subject=f"left_message:{message_id}",
        severity="info",
        summary="A caller has left a message.",
        details={"call_id": str(talk.call_id)} if talk.call_id else {},
    )
    audit.record(session, "call.message_left", subject=f"left_message:{message_id}")


def _left(session: Session, row: LeftMessage) -> Left:
    text = None if row.body_sealed is None else keys.unseal(session, _place(row.id), row.body_sealed).decode()
    return Left(
        row.id, row.call_id, row.caller_id, row.state, text, row.recording_sid, row.seconds, row.version, row.created_at
    )


def _place(message_id: UUID) -> Place:
    return Place("left_messages", "body", message_id)


def count_waiting(session: Session) -> int:
    """How many messages nobody has settled."""
    return session.scalars(select(func.count()).select_from(LeftMessage).where(LeftMessage.state != "done")).one()
