"""`/api/v1/threads` and `/api/v1/messages`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.callers import shown
from callwaiting.features.messages import evidence, service, thread_state, threads
from callwaiting.features.messages.schemas import (
    EvidenceFace,
    HandOverBody,
    MessageBody,
    MessageFace,
    MessageQuery,
    ReadBody,
    ReplyBody,
    ThreadFace,
)
from callwaiting.features.messages.threads import Text

api = Api("messages")
THREAD = "/threads/<uuid:caller_id>"


@api.get("/threads", requires="messages.read", query=PageQuery, answers=Page[ThreadFace])
def newest_threads(session: Session, query: PageQuery) -> Page[ThreadFace]:
    """Conversations with callers, the one with the latest text first."""
    rows = threads.newest_of_each(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[ThreadFace].of(_faces(session, rows), query, key=lambda thread: thread.last.id)


@api.get(THREAD, requires="messages.read", answers=ThreadFace)
def one_thread(session: Session, caller_id: UUID) -> ThreadFace:
    """One conversation; its texts are `GET /messages?caller_id=`."""
    return _face(session, caller_id)


@api.post(
    f"{THREAD}/replies",
    requires="messages.send",
    body=ReplyBody,
    answers=MessageFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def reply(session: Session, caller_id: UUID, body: ReplyBody) -> MessageFace:
    """Answer a caller.

    The answer leaves from the number of the thread's last text. From now on a person handles the thread, and the
    assistant is silent. 409 when the caller wants no texts or the number takes none.
    """
    last = threads.last_of(session, caller_id)
    message_id = service.write_by_hand(
        session, caller_id=caller_id, phone_number_id=last.phone_number_id, body=body.body
    )
    return MessageFace.model_validate(threads.one(session, message_id))


@api.post(f"{THREAD}/read", requires="messages.read", body=ReadBody, answers=ThreadFace, idempotent=False)
def mark_read(session: Session, caller_id: UUID, body: ReadBody) -> ThreadFace:
    """Note up to which text the team has read a conversation. It never goes back."""
    thread_state.require(session, caller_id)
    thread_state.mark_read(session, caller_id, body.up_to)
    return _face(session, caller_id)


@api.post(f"{THREAD}/hand-over", requires="messages.send", body=HandOverBody, answers=ThreadFace, idempotent=False)
def hand_over(session: Session, caller_id: UUID, body: HandOverBody) -> ThreadFace:
    """Hand a conversation to a person of the team, or back to the assistant.

    A person who writes nothing for twelve hours has handed it back.
    """
    thread_state.require(session, caller_id)
    thread_state.hand_over(session, caller_id, body.to)
    return _face(session, caller_id)


@api.get("/callers/<uuid:caller_id>/consents/evidence", requires="audit.read", answers=EvidenceFace)
def consent_evidence(session: Session, caller_id: UUID) -> EvidenceFace:
    """All that shows whether a person agreed to texts, and what was sent.

    Each declaration and text, and the links of the audit chain about them with the text that was hashed. That it was
    read is recorded.
    """
    return EvidenceFace.of(evidence.evidence_about(session, caller_id))


@api.get("/messages", requires="messages.read", query=MessageQuery, answers=Page[MessageFace])
def newest(session: Session, query: MessageQuery) -> Page[MessageFace]:
    """Texts to and from callers, newest first."""
    rows = threads.newest(session, caller_id=query.caller_id, before=query.position(UUID), limit=query.limit + 1)
    return Page[MessageFace].of(rows, query, key=lambda row: row.id)


@api.get("/messages/<uuid:message_id>", requires="messages.read", answers=MessageFace)
def one(session: Session, message_id: UUID) -> MessageFace:
    """One text, with what became of it."""
    return MessageFace.model_validate(threads.one(session, message_id))


@api.post(
    "/messages",
    requires="messages.send",
    body=MessageBody,
    answers=MessageFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def send(session: Session, body: MessageBody) -> MessageFace:
    """Send a text to a caller.

    It is planned, and goes out within moments, or after the quiet hours of the caller (21 to 8 o'clock) unless the
    caller has written within the hour; `GET /messages/<id>` tells what became of it. 409 when the caller has asked for
    no more texts, or when the number takes none.
    """
    message_id = service.write_by_hand(session, **body.model_dump())
    return MessageFace.model_validate(threads.one(session, message_id))


def _face(session: Session, caller_id: UUID) -> ThreadFace:
    return _faces(session, [threads.last_of(session, caller_id)])[0]


def _faces(session: Session, rows: list[Text]) -> list[ThreadFace]:
    callers = [row.caller_id for row in rows]
    numbers = shown.numbers_of(session, callers)
    states = thread_state.states(session, callers)
    faces = []
    for row in rows:
        state = states[row.caller_id]
        faces.append(
            ThreadFace(
                caller_id=row.caller_id,
                number=numbers.get(row.caller_id),
                unread=state.unread,
                handled_by=state.handled_by,
                unreachable_code=state.unreachable_code,
                last=MessageFace.model_validate(row),
            )
        )
    return faces
