"""What became of the texts about something, for the slice that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.features.messages.models import Message
from callwaiting.features.messages.provider_errors import failure_of

FAILED = frozenset({"failed", "undelivered"})


@dataclass(frozen=True, slots=True)
class Fate:
    """`problem` is one sentence for people when the text did not arrive, else None."""

    message_id: UUID
    status: str
    error_code: str | None
    problem: str | None
    send_after: datetime | None


def fate_of(session: Session, subject_id: UUID, *kinds: str) -> Fate | None:
    """What became of the latest text of these kinds about something; None when none was planned."""
    row = session.scalar(
        select(Message)
        .where(Message.subject_id == subject_id, Message.kind.in_(kinds))
        .order_by(Message.id.desc())
        .limit(1)
    )
    if row is None:
        return None
    problem = None
    if row.status in FAILED:
        problem = failure_of(row.error_code or "").meaning
    elif row.status == "suppressed":
        problem = f"Not sent: {row.reason}."
    return Fate(row.id, row.status, row.error_code, problem, row.send_after if row.status == "planned" else None)
