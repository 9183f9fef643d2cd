"""`/api/v1/operator/merchants/<id>/…`: a merchant's webhook sources and events, for operators of the platform.

An operator works in the merchant's own scope, so that Row Level Security shows nothing else and the merchant's audit
trail names the operator. Bodies are not shown. What belongs to no merchant is the command line's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Uuid, column, select, table
from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode, NotFound
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import principal
from callwaiting.core.http.context import database
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.webhooks import event_views, own_sources, replay, repository, source_admin
from callwaiting.features.webhooks.schemas import (
    EventDetail,
    EventFace,
    EventQuery,
    RehearsalFace,
    ReplayBody,
    SourceFace,
)

api = Api("operator-webhooks")
OF_MERCHANT = "/operator/merchants/<uuid:merchant_id>"
EVENT = f"{OF_MERCHANT}/webhook-events/<uuid:event_id>"
SOURCE = f"{OF_MERCHANT}/webhook-sources/<public_id>"
_MERCHANTS = table("merchants", column("id", Uuid()), schema="app")


@api.get(f"{OF_MERCHANT}/webhook-events", requires="webhooks.operate", query=EventQuery, answers=Page[EventFace])
def events(merchant_id: UUID, query: EventQuery) -> Page[EventFace]:
    """A business's stored events, newest first."""
    with _of(merchant_id) as session:
        return event_views.page(session, query)


@api.get(EVENT, requires="webhooks.operate", answers=EventDetail)
def event(merchant_id: UUID, event_id: UUID) -> EventDetail:
    """One event, and how each attempt at it ended."""
    with _of(merchant_id) as session:
        return event_views.detail(session, event_id)


@api.post(
    f"{EVENT}/dry-run",
    requires="webhooks.operate",
    answers=RehearsalFace,
    idempotent=False,
    refuses=[ErrorCode.CONFLICT],
)
def dry_run(merchant_id: UUID, event_id: UUID) -> RehearsalFace:
    """Tell which rows a replay would change."""
    with _of(merchant_id) as session:
        facts = repository.own_event(session, event_id)
    return event_views.rehearse(_scope(merchant_id), facts)


@api.post(
    f"{EVENT}/replay",
    requires="webhooks.operate",
    body=ReplayBody,
    answers=EventFace,
    idempotent=False,
    refuses=[ErrorCode.CONFLICT],
)
def replay_event(merchant_id: UUID, event_id: UUID, body: ReplayBody) -> EventFace:
    """Handle a finished event once more."""
    with _of(merchant_id) as session:
        replay.replay(session, event_id, reason=body.reason)
        return event_views.face(session, event_id)


@api.get(f"{OF_MERCHANT}/webhook-sources", requires="webhooks.operate", query=PageQuery, answers=Page[SourceFace])
def sources(merchant_id: UUID, query: PageQuery) -> Page[SourceFace]:
    """A business's own webhook sources, newest first."""
    with _of(merchant_id) as session:
        rows = own_sources.page(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[SourceFace].of(rows, query, key=lambda row: row.id)


@api.post(f"{SOURCE}/pause", requires="webhooks.operate", answers=SourceFace, idempotent=False)
def pause(merchant_id: UUID, public_id: str) -> SourceFace:
    """Answer 404 at this endpoint from now on; every process knows within 30 seconds."""
    with _of(merchant_id) as session:
        source_admin.pause_source(session, public_id)
        return SourceFace.model_validate(own_sources.one(session, public_id))


@api.post(f"{SOURCE}/resume", requires="webhooks.operate", answers=SourceFace, idempotent=False)
def resume(merchant_id: UUID, public_id: str) -> SourceFace:
    """Take requests at this endpoint again."""
    with _of(merchant_id) as session:
        source_admin.resume_source(session, public_id)
        return SourceFace.model_validate(own_sources.one(session, public_id))


@contextmanager
def _of(merchant_id: UUID) -> Iterator[Session]:
    """A unit of work in a merchant's scope. Raises NotFound when there is no such merchant."""
    with database().unit_of_work(_scope(merchant_id)) as session:
        if session.execute(select(_MERCHANTS.c.id)).first() is None:
            raise NotFound(f"merchant {merchant_id}", reason="webhooks.merchant_not_found")
        yield session


def _scope(merchant_id: UUID) -> MerchantScope:
    return MerchantScope(merchant_id, actor=principal().scope.actor, role=principal().role)
