"""What holds for a whole thread: who writes, up to where it was read, and whether its number takes texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.messages.errors import ThreadNotFound
from callwaiting.features.messages.models import Message, MessageThread

Handler = Literal["assistant", "person"]
PERSON_STAYS = timedelta(hours=12)  # after the last text that a person wrote; then the assistant answers again


STATES = Statement("""
select wanted.id as caller_id, t.handled_by, t.person_since, t.unreachable_code, (
    select count(*) from (
        select from app.messages m
        where m.caller_id = wanted.id and m.direction = 'in'
            and m.id > coalesce(t.read_up_to, '00000000-0000-0000-0000-000000000000'::uuid)
        limit 100
    ) few
) as unread
from unnest(%(callers)s::uuid[]) wanted (id)
left join app.message_threads t on t.caller_id = wanted.id
""")


@dataclass(frozen=True, slots=True)
class ThreadState:
    """`handled_by` is who answers now; `unread` counts the caller's texts that nobody of the team has seen, to a
    hundred; `unreachable_code` is Twilio's code for a number that takes no texts."""

    handled_by: Handler
    unread: int
    unreachable_code: str | None


def states(session: Session, caller_ids: Sequence[UUID]) -> dict[UUID, ThreadState]:
    """The states of these threads, by one statement."""
    rows = STATES(session, callers="{" + ",".join(map(str, caller_ids)) + "}")
    return {
        row.caller_id: ThreadState(_handler(row.handled_by, row.person_since), row.unread, row.unreachable_code)
        for row in rows
    }


def state(session: Session, caller_id: UUID) -> ThreadState:
    return states(session, [caller_id])[caller_id]


def require(session: Session, caller_id: UUID) -> None:
    """Raise ThreadNotFound when no text went to or came from the merchant's caller."""
    if session.scalar(select(Message.id).where(Message.caller_id == caller_id).limit(1)) is None:
        raise ThreadNotFound(str(caller_id))


def mark_read(session: Session, caller_id: UUID, up_to: UUID) -> None:
    """Note that the team has read the thread up to this text; it never goes back. Raises ValidationFailed."""
    if session.scalar(select(Message.id).where(Message.id == up_to, Message.caller_id == caller_id)) is None:
        raise ValidationFailed(FieldError("up_to", "There is no such text in this thread."))
    _keep(session, caller_id)
    session.execute(
        update(MessageThread)
        .where(
            MessageThread.caller_id == caller_id,
            MessageThread.read_up_to.is_(None) | (MessageThread.read_up_to < up_to),
        )
        .values(read_up_to=up_to)
    )


def hand_over(session: Session, caller_id: UUID, to: Handler) -> None:
    """Say who answers this caller from now on. A person who writes nothing more for twelve hours has gone home."""
    before = state(session, caller_id).handled_by
    _keep(session, caller_id)
    session.execute(
        update(MessageThread)
        .where(MessageThread.caller_id == caller_id)
        .values(handled_by=to, person_since=clock.now() if to == "person" else None)
    )
    if before != to:
        audit.record(session, "thread.handed_over", subject=f"caller:{caller_id}", details={"to": to})


def mark_unreachable(session: Session, caller_id: UUID, code: str) -> None:
    """Remember that no text reaches this number."""
    _keep(session, caller_id)
    session.execute(
        update(MessageThread)
        .where(MessageThread.caller_id == caller_id)
        .values(unreachable_code=code, unreachable_since=clock.now())
    )
    audit.record(session, "thread.unreachable", subject=f"caller:{caller_id}", reason=code)


def mark_reachable(session: Session, caller_id: UUID) -> None:
    """A text has come from this number, so that it takes texts too."""
    session.execute(
        update(MessageThread)
        .where(MessageThread.caller_id == caller_id, MessageThread.unreachable_code.is_not(None))
        .values(unreachable_code=None, unreachable_since=None)
    )


def _keep(session: Session, caller_id: UUID) -> None:
    session.execute(
        insert(MessageThread)
        .values(merchant_id=merchant_of(session), id=new_id(), caller_id=caller_id)
        .on_conflict_do_nothing(index_elements=["merchant_id", "caller_id"])
    )


def _handler(named: str | None, since: datetime | None) -> Handler:
    return "person" if named == "person" and since and since > clock.now() - PERSON_STAYS else "assistant"
