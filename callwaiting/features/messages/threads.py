"""Texts as the team reads them, by their ids, which rise with time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, aliased

from callwaiting.core.crypto import Place
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.errors import MessageNotFound, ThreadNotFound
from callwaiting.features.messages.models import Message


@dataclass(frozen=True, slots=True)
class Text:
    """One text, opened."""

    id: UUID
    caller_id: UUID
    phone_number_id: UUID
    direction: str
    kind: str
    body: str
    status: str
    error_code: str | None
    reason: str
    encoding: str
    segments: int
    media: int
    send_after: datetime | None
    created_at: datetime
    sent_at: datetime | None


def newest(session: Session, *, caller_id: UUID | None, before: UUID | None, limit: int) -> list[Text]:
    """Texts to and from one caller, or all, newest first; those older than `before`."""
    query = select(Message)
    if caller_id is not None:
        query = query.where(Message.caller_id == caller_id)
    return _page(session, query, before, limit)


def newest_of_each(session: Session, *, before: UUID | None, limit: int) -> list[Text]:
    """The last text of each thread (a caller has one), newest first; those older than `before`."""
    later = aliased(Message)
    newer = exists().where(
        later.merchant_id == Message.merchant_id, later.caller_id == Message.caller_id, later.id > Message.id
    )
    return _page(session, select(Message).where(~newer), before, limit)


def last_of(session: Session, caller_id: UUID) -> Text:
    """The last text of one thread. Raises ThreadNotFound."""
    found = newest(session, caller_id=caller_id, before=None, limit=1)
    if not found:
        raise ThreadNotFound(str(caller_id))
    return found[0]


def one(session: Session, message_id: UUID) -> Text:
    """Raises MessageNotFound."""
    row = session.scalar(select(Message).where(Message.id == message_id))
    if row is None:
        raise MessageNotFound(str(message_id))
    return _text(session, row)


def _page(session: Session, query: Select[Message], before: UUID | None, limit: int) -> list[Text]:
    if before is not None:
        query = query.where(Message.id < before)
    return [_text(session, row) for row in session.scalars(query.order_by(Message.id.desc()).limit(limit))]


def _text(session: Session, row: Message) -> Text:
    return Text(
        id=row.id,
        caller_id=row.caller_id,
        phone_number_id=row.phone_number_id,
        direction=row.direction,
        kind=row.kind,
        body=keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode(),
        status=row.status,
        error_code=row.error_code,
        reason=row.reason,
        encoding=row.encoding,
        segments=row.segments,
        media=row.media,
        send_after=row.send_after if row.status == "planned" else None,
        created_at=row.created_at,
        sent_at=row.sent_at,
    )
