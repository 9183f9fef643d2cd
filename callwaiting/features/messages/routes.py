"""`/api/v1/threads` and `/api/v1/messages`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.callers import shown
from callwaiting.features.messages import service, threads
from callwaiting.features.messages.schemas import MessageBody, MessageFace, MessageQuery, ThreadFace

api = Api("messages")


@api.get("/threads", requires="messages.read", query=PageQuery, answers=Page[ThreadFace])
def newest_threads(session: Session, query: PageQuery) -> Page[ThreadFace]:
    """Conversations with callers, the one with the latest text first."""
    rows = threads.newest_of_each(session, before=query.position(UUID), limit=query.limit + 1)
    numbers = shown.numbers_of(session, [row.caller_id for row in rows])
    faces = [
        ThreadFace(caller_id=row.caller_id, number=numbers.get(row.caller_id), last=MessageFace.model_validate(row))
        for row in rows
    ]
    return Page[ThreadFace].of(faces, query, key=lambda thread: thread.last.id)


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

    It is planned, and goes out within moments; `GET /messages/<id>` tells what became of it. 409 when the caller has
    asked for no more texts.
    """
    message_id = service.write_by_hand(session, **body.model_dump())
    return MessageFace.model_validate(threads.one(session, message_id))
