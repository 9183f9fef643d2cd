"""`/api/v1/reconciliation`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page
from callwaiting.features.reconciliation import findings
from callwaiting.features.reconciliation.schemas import FindingFace, FindingQuery

api = Api("reconciliation")


@api.get("/reconciliation", requires="reconciliation.read", query=FindingQuery, answers=Page[FindingFace])
def newest(session: Session, query: FindingQuery) -> Page[FindingFace]:
    """Where the providers' lists and books and the business's own differed, newest first.

    Events, calls and texts are compared each hour, money each night.
    """
    rows = findings.newest(
        session, state=query.state, provider=query.provider, before=query.position(UUID), limit=query.limit + 1
    )
    return Page[FindingFace].of(rows, query, key=lambda row: row.id)
