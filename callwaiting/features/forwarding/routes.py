"""`/api/v1/phone-numbers/ID/forwarding-tests`: the proof that calls which nobody takes come to one of our numbers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.forwarding import service
from callwaiting.features.forwarding.schemas import ForwardingTestFace, face

api = Api("forwarding_tests")
RULE = "/phone-numbers/<uuid:number_id>/forwarding-tests"


@api.get(RULE, requires="phone_numbers.read", query=PageQuery, answers=Page[ForwardingTestFace])
def newest(session: Session, number_id: UUID, query: PageQuery) -> Page[ForwardingTestFace]:
    """The tests of a number, newest first."""
    rows = service.newest(session, number_id, before=query.position(UUID), limit=query.limit + 1)
    return Page[ForwardingTestFace].of([face(row) for row in rows], query, key=lambda row: row.id)


@api.post(
    RULE,
    requires="phone_numbers.write",
    answers=ForwardingTestFace,
    status=201,
    refuses=[ErrorCode.CONFLICT, ErrorCode.RATE_LIMIT_EXCEEDED],
)
def start(session: Session, number_id: UUID) -> ForwardingTestFace:
    """Ring the business's own line once, from this number; nobody should pick up. A forwarded call comes back to us and
    is not answered. One test at a time, and five a day."""
    return face(service.start(session, number_id))


@api.get(f"{RULE}/<uuid:test_id>", requires="phone_numbers.read", answers=ForwardingTestFace)
def one(session: Session, number_id: UUID, test_id: UUID) -> ForwardingTestFace:
    """One test: how far it is, or what came of it."""
    return face(service.one(session, number_id, test_id))
