"""Texts on their way out, opened."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.days import Days
from callwaiting.core.exports import Export, Exported, within
from callwaiting.features.callers import service as callers
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message

COLUMNS = ("id", "created_at", "direction", "kind", "status", "caller", "body", "sent_at", "error_code", "segments")


def _page(session: Session, days: Days, after: UUID | None, limit: int) -> list[Exported]:
    rows = session.scalars(within(select(Message), Message.id, Message.created_at, days, after, limit)).all()
    numbers = callers.numbers_of(session, {row.caller_id for row in rows})
    return [
        Exported(
            row.id,
            {
                "id": row.id,
                "created_at": row.created_at,
                "direction": row.direction,
                "kind": row.kind,
                "status": row.status,
                "caller": numbers.get(row.caller_id),
                "body": keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode(),
                "sent_at": row.sent_at,
                "error_code": row.error_code,
                "segments": row.segments,
            },
        )
        for row in rows
    ]


EXPORT = Export(COLUMNS, _page)
