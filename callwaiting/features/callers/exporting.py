"""Callers on their way out."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.core.exports import Export, Exported, within
from callwaiting.features.callers.models import Caller
from callwaiting.features.callers.service import numbers_of


def _page(session: Session, days: Days, after: UUID | None, limit: int) -> list[Exported]:
    rows = session.scalars(within(select(Caller), Caller.id, Caller.created_at, days, after, limit)).all()
    numbers = numbers_of(session, [row.id for row in rows])
    return [
        Exported(
            row.id,
            {
                "id": row.id,
                "number": numbers[row.id],
                "first_seen_at": row.created_at,
                "last_seen_at": row.last_seen_at,
            },
        )
        for row in rows
    ]


EXPORT = Export(("id", "number", "first_seen_at", "last_seen_at"), _page)
