"""Declarations of consent on their way out."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.core.exports import Export, Exported, within
from callwaiting.features.callers import service as callers
from callwaiting.features.consents.models import Consent

COLUMNS = ("id", "recorded_at", "caller", "channel", "state", "origin", "wording", "source")


def _page(session: Session, days: Days, after: UUID | None, limit: int) -> list[Exported]:
    rows = session.scalars(within(select(Consent), Consent.id, Consent.recorded_at, days, after, limit)).all()
    numbers = callers.numbers_of(session, {row.caller_id for row in rows})
    return [
        Exported(
            row.id,
            {
                "id": row.id,
                "recorded_at": row.recorded_at,
                "caller": numbers.get(row.caller_id),
                "channel": row.channel,
                "state": row.state,
                "origin": row.origin,
                "wording": row.wording,
                "source": row.source,
            },
        )
        for row in rows
    ]


EXPORT = Export(COLUMNS, _page)
