"""Texts that wait for the end of quiet hours."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.features.audit import service as audit
from callwaiting.features.consents.events import TextsRevoked
from callwaiting.features.messages import planning
from callwaiting.features.messages.models import Message
from callwaiting.features.outbox import service as outbox


def wait(session: Session, row: Message, until: datetime) -> None:
    """Send the text at that time. Its present effect ends with this transaction, so that there is one at any time."""
    row.send_after = until
    outbox.plan(
        session, planning.EFFECT, effect_key=f"message:{row.id}:{new_id()}", subject_id=row.id, not_before=until
    )


def on_texts_revoked(session: Session, event: TextsRevoked) -> None:
    """Drop at once what waits for a caller who wants no more texts."""
    dropped = session.scalars(
        update(Message)
        .where(
            Message.caller_id == event.caller_id,
            Message.direction == "out",
            Message.status == "planned",
            Message.send_after > clock.now(),
        )
        .values(status="suppressed", reason="consent revoked")
        .returning(Message.id)
    )
    for message_id in dropped.all():
        audit.record(session, "message.suppressed", subject=f"message:{message_id}", reason="consent revoked")
