"""`/api/v1/webhook-events`."""

from __future__ import annotations

import hashlib
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import PermissionMissing, principal
from callwaiting.core.http.context import database
from callwaiting.core.http.paging import Page
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.audit import service as audit
from callwaiting.features.webhooks import event_views, replay, repository
from callwaiting.features.webhooks.schemas import (
    BodyFace,
    EventDetail,
    EventFace,
    EventQuery,
    RehearsalFace,
    ReplayBody,
)

api = Api("webhook-events")


@api.get("/webhook-events", requires="webhooks.read", query=EventQuery, answers=Page[EventFace])
def events(session: Session, query: EventQuery) -> Page[EventFace]:
    """Stored events, newest first."""
    return event_views.page(session, query)


@api.get("/webhook-events/<uuid:event_id>", requires="webhooks.read", answers=EventDetail)
def event(session: Session, event_id: UUID) -> EventDetail:
    """One event, and how each attempt at it ended."""
    return event_views.detail(session, event_id)


@api.get(
    "/webhook-events/<uuid:event_id>/body",
    requires="webhooks.read_content",
    answers=BodyFace,
    refuses=[ErrorCode.CONFLICT],
)
def body_of(session: Session, event_id: UUID) -> BodyFace:
    """An event's body. The audit trail keeps that it was read; 409 once it has been emptied."""
    raw = replay.open_event(session, repository.own_event(session, event_id)).raw
    audit.record(session, "webhook.body_read", subject=f"webhook_event:{event_id}")
    return BodyFace(body=raw.decode("utf-8", "replace"), sha256=hashlib.sha256(raw).hexdigest())


@api.post(
    "/webhook-events/<uuid:event_id>/dry-run",
    requires="webhooks.replay",
    answers=RehearsalFace,
    idempotent=False,
    refuses=[ErrorCode.CONFLICT],
)
def dry_run(event_id: UUID) -> RehearsalFace:
    """Tell which rows a replay would change.

    The real handler runs in a transaction that is rolled back; nothing leaves, for calls to providers are rows too.
    """
    scope = principal().scope
    if not isinstance(scope, MerchantScope):
        raise PermissionMissing("no merchant")
    with database().unit_of_work(scope) as session:
        facts = repository.own_event(session, event_id)
    return event_views.rehearse(scope, facts)


@api.post(
    "/webhook-events/<uuid:event_id>/replay",
    requires="webhooks.replay",
    body=ReplayBody,
    answers=EventFace,
    status=200,
    refuses=[ErrorCode.CONFLICT],
)
def replay_event(session: Session, event_id: UUID, body: ReplayBody) -> EventFace:
    """Handle a finished event once more: a dead one after its cause is mended, say.

    409 while it is not finished, and once its body has been emptied.
    """
    replay.replay(session, event_id, reason=body.reason)
    return event_views.face(session, event_id)
