"""`/api/v1/webhook-sources`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.webhooks import own_sources, source_admin
from callwaiting.features.webhooks.schemas import Rotation, SourceBody, SourceFace

api = Api("webhook-sources")


@api.get("/webhook-sources", requires="webhooks.read", query=PageQuery, answers=Page[SourceFace])
def sources(session: Session, query: PageQuery) -> Page[SourceFace]:
    """The business's own webhook sources, newest first.

    Sources that serve several businesses are the platform's, and are not shown; their events are.
    """
    rows = own_sources.page(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[SourceFace].of(rows, query, key=lambda row: row.id)


@api.post(
    "/webhook-sources",
    requires="webhooks.manage",
    body=SourceBody,
    answers=SourceFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def create_source(session: Session, body: SourceBody) -> SourceFace:
    """Make an endpoint for one of the business's payment accounts."""
    return SourceFace.model_validate(own_sources.create(session, **body.model_dump()))


@api.get("/webhook-sources/<public_id>", requires="webhooks.read", answers=SourceFace)
def source(session: Session, public_id: str) -> SourceFace:
    """One source."""
    return SourceFace.model_validate(own_sources.one(session, public_id))


@api.post(
    "/webhook-sources/<public_id>/rotate",
    requires="webhooks.manage",
    body=Rotation,
    answers=SourceFace,
    status=200,
    refuses=[ErrorCode.CONFLICT],
)
def rotate(session: Session, public_id: str, body: Rotation) -> SourceFace:
    """Set what the provider signs with from now on.

    For the hours of the overlap both secrets are good: set it here first, then at the provider. Older ones go at once.
    """
    overlap = timedelta(hours=body.overlap_hours)
    changed = own_sources.rotate(session, public_id, secret=body.secret, webhook_id=body.webhook_id, overlap=overlap)
    return SourceFace.model_validate(changed)


@api.post("/webhook-sources/<public_id>/pause", requires="webhooks.manage", answers=SourceFace, idempotent=False)
def pause(session: Session, public_id: str) -> SourceFace:
    """Answer 404 at this endpoint from now on; every process knows within 30 seconds."""
    source_admin.pause_source(session, public_id)
    return SourceFace.model_validate(own_sources.one(session, public_id))


@api.post("/webhook-sources/<public_id>/resume", requires="webhooks.manage", answers=SourceFace, idempotent=False)
def resume(session: Session, public_id: str) -> SourceFace:
    """Take requests at this endpoint again."""
    source_admin.resume_source(session, public_id)
    return SourceFace.model_validate(own_sources.one(session, public_id))
