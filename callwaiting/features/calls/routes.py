"""`/api/v1/calls`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.calls import service
from callwaiting.features.calls.schemas import CallFace

api = Api("calls")


@api.get("/calls", requires="calls.read", query=PageQuery, answers=Page[CallFace])
def newest(session: Session, query: PageQuery) -> Page[CallFace]:
    """The merchant's calls, newest first."""
    rows = service.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[CallFace].of(rows, query, key=lambda row: row.id)
