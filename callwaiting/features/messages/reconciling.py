"""Texts as their provider's list is compared with them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.features.messages.models import Message

ON_THE_WAY = ("accepted", "queued", "sending", "sent")


def statuses_of(session: Session, provider_ids: Collection[str]) -> Mapping[str, str]:
    """The status of each of these texts, in or out, that the merchant has."""
    rows = session.execute(select(Message.provider_id, Message.status).where(Message.provider_id.in_(provider_ids)))
    return {provider_id: status for provider_id, status in rows if provider_id is not None}


def under_way(session: Session, since: datetime, until: datetime, limit: int) -> list[str]:
    """Texts sent in this time of whose end nothing was heard, the oldest first."""
    query = (
        select(Message.provider_id)
        .where(
            Message.direction == "out",
            Message.status.in_(ON_THE_WAY),
            Message.provider_id.is_not(None),
            Message.sent_at.between(since, until),
        )
        .order_by(Message.sent_at)
        .limit(limit)
    )
    return [provider_id for provider_id in session.scalars(query) if provider_id is not None]
