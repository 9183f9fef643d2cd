"""`/api/v1/callers`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.callers import service
from callwaiting.features.callers.schemas import CallerFace, CallerFound, NumberSearch

api = Api("callers")


@api.get("/callers", requires="callers.read", query=PageQuery, answers=Page[CallerFace])
def newest(session: Session, query: PageQuery) -> Page[CallerFace]:
    """Who has called or texted the business, the latest first contact first."""
    rows = service.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[CallerFace].of(rows, query, key=lambda row: row.id)


@api.post(
    "/callers/search", requires="callers.read", body=NumberSearch, answers=CallerFound, status=200, idempotent=False
)
def search(session: Session, body: NumberSearch) -> CallerFound:
    """Find the caller with exactly this number.

    The number is sent in a body, because addresses are kept in logs. Numbers are stored sealed: a part of one cannot
    be searched for.
    """
    found = service.with_number(session, body.number)
    return CallerFound(caller=None if found is None else CallerFace.model_validate(found))


@api.get("/callers/<uuid:caller_id>", requires="callers.read", answers=CallerFace)
def one(session: Session, caller_id: UUID) -> CallerFace:
    """One caller."""
    return CallerFace.model_validate(service.one(session, caller_id))
