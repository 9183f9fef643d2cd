"""`/api/v1/callers/<id>/consents`: the ledger of one caller."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.callers import service as callers
from callwaiting.features.consents import service
from callwaiting.features.consents.schemas import DeclarationBody, DeclarationFace

api = Api("consents")


@api.get("/callers/<uuid:caller_id>/consents", requires="consents.read", query=PageQuery, answers=Page[DeclarationFace])
def history(session: Session, caller_id: UUID, query: PageQuery) -> Page[DeclarationFace]:
    """What a caller has declared about texts, the latest first.

    The latest declaration holds. Without any, the caller may be answered: whoever is listed has called or texted first.
    """
    callers.require(session, caller_id)
    rows = service.history(session, caller_id, before=query.position(datetime, UUID), limit=query.limit + 1)
    return Page[DeclarationFace].of(rows, query, key=lambda row: (row.recorded_at, row.id))


@api.post(
    "/callers/<uuid:caller_id>/consents",
    requires="consents.write",
    body=DeclarationBody,
    answers=DeclarationFace,
    status=201,
)
def record(session: Session, caller_id: UUID, body: DeclarationBody) -> DeclarationFace:
    """Record what a caller has told the team about texts.

    Nothing is overwritten: the declaration is added to the ledger, and holds until the next one.
    """
    callers.require(session, caller_id)
    made = service.record_declaration(
        session, caller_id, body.state, origin=body.origin, evidence=body.evidence, wording=body.wording
    )
    return DeclarationFace.model_validate(made)
