"""Calls on their way out: what became of each, not what was said in it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.core.exports import Export, Exported, within
from callwaiting.features.callers import service as callers
from callwaiting.features.calls.models import Call

COLUMNS = ("id", "started_at", "ended_at", "caller", "status", "outcome", "recording_answer")


def _page(session: Session, days: Days, after: UUID | None, limit: int) -> list[Exported]:
    rows = session.scalars(within(select(Call), Call.id, Call.started_at, days, after, limit)).all()
    numbers = callers.numbers_of(session, {row.caller_id for row in rows if row.caller_id})
    return [
        Exported(
            row.id,
            {
                "id": row.id,
                "started_at": row.started_at,
                "ended_at": row.ended_at,
                "caller": numbers.get(row.caller_id) if row.caller_id else None,
                "status": row.status,
                "outcome": row.outcome,
                "recording_answer": row.recording_answer,
            },
        )
        for row in rows
    ]


EXPORT = Export(COLUMNS, _page)
