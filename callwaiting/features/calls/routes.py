"""`/api/v1/calls`, and the messages that callers leave."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.callers import shown
from callwaiting.features.calls import left_messages, listing
from callwaiting.features.calls.schemas import (
    CallDetail,
    CallFace,
    CallQuery,
    LeftMessageFace,
    LeftMessageQuery,
    TurnFace,
)

api = Api("calls")


@api.get("/calls", requires="calls.read", query=CallQuery, answers=Page[CallFace])
def newest(session: Session, query: CallQuery) -> Page[CallFace]:
    """The business's calls, newest first."""
    rows = listing.newest(
        session, day=query.day, outcome=query.outcome, before=query.position(UUID), limit=query.limit + 1
    )
    return Page[CallFace].of(shown.faces(session, CallFace, rows), query, key=lambda call: call.id)


@api.get("/calls/<uuid:call_id>", requires="calls.read", answers=CallDetail)
def one(session: Session, call_id: UUID) -> CallDetail:
    """One call, with what it has led to."""
    call = listing.one(session, call_id)
    result = listing.result_of(session, call)
    return CallDetail(
        **shown.faces(session, CallFace, [call])[0].model_dump(),
        turns=call.state_version,
        order_id=result.order_id,
        booking_id=result.booking_id,
    )


@api.get("/calls/<uuid:call_id>/turns", requires="calls.read_content", query=PageQuery, answers=Page[TurnFace])
def transcript(session: Session, call_id: UUID, query: PageQuery) -> Page[TurnFace]:
    """What was heard and said in a call, turn by turn."""
    rows = listing.transcript(session, call_id, after=query.position(int), limit=query.limit + 1)
    return Page[TurnFace].of(rows, query, key=lambda turn: turn.number)


@api.get("/left-messages", requires="calls.read_content", query=LeftMessageQuery, answers=Page[LeftMessageFace])
def messages(session: Session, query: LeftMessageQuery) -> Page[LeftMessageFace]:
    """What callers want the team to know, newest first."""
    rows = left_messages.newest(session, state=query.state, before=query.position(UUID), limit=query.limit + 1)
    return Page[LeftMessageFace].of(shown.faces(session, LeftMessageFace, rows), query, key=lambda row: row.id)


@api.get("/left-messages/<uuid:message_id>", requires="calls.read_content", answers=LeftMessageFace)
def message(session: Session, message_id: UUID) -> LeftMessageFace:
    """One message that a caller left."""
    return shown.faces(session, LeftMessageFace, [left_messages.one(session, message_id)])[0]


@api.post(
    "/left-messages/<uuid:message_id>/settle",
    requires="calls.write",
    answers=LeftMessageFace,
    idempotent=False,
    if_match=True,
)
def settle(session: Session, message_id: UUID, version: int) -> LeftMessageFace:
    """Say that what the caller wanted is done."""
    return shown.faces(session, LeftMessageFace, [left_messages.settle(session, message_id, version)])[0]
