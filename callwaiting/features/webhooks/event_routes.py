"""`/api/v1/webhook-events`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import PermissionMissing, principal
from callwaiting.core.http.context import database
from callwaiting.core.http.paging import Page
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.audit import service as audit
from callwaiting.features.webhooks import replay, repository
from callwaiting.features.webhooks.repository import EventFilter
from callwaiting.features.webhooks.schemas import (
    AttemptFace,
    BodyFace,
    EventDetail,
    EventFace,
    EventQuery,
    RehearsalFace,
    ReplayBody,
)
from callwaiting.features.webhooks.service import Handler
from callwaiting.providers.registry import Providers

api = Api("webhook-events")


@api.get("/webhook-events", requires="webhooks.read", query=EventQuery, answers=Page[EventFace])
def events(session: Session, query: EventQuery) -> Page[EventFace]:
    """Stored events, newest first."""
    wanted = EventFilter(
        status=query.status,
        provider=query.provider,
        event_type=query.type,
        object_key=query.object,
        since=query.since,
        until=query.until,
    )
    rows = repository.own_events(session, wanted, before=query.position(UUID), limit=query.limit + 1)
    return Page[EventFace].of(rows, query, key=lambda row: row.id)


@api.get("/webhook-events/<uuid:event_id>", requires="webhooks.read", answers=EventDetail)
def event(session: Session, event_id: UUID) -> EventDetail:
    """One event, and how each attempt at it ended."""
    facts = EventFace.model_validate(repository.own_event(session, event_id))
    attempts = [AttemptFace.model_validate(attempt) for attempt in repository.last_attempts(session, event_id)]
    return EventDetail.model_construct(**dict(facts), attempt_log=attempts)


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
    handlers = cast(Mapping[tuple[str, str], Handler], current_app.extensions["event_handlers"]())
    providers = cast(Providers, current_app.extensions["providers"])
    return RehearsalFace.model_validate(replay.dry_run(database(), scope, providers, handlers, facts))


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
    session.flush()
    return EventFace.model_validate(repository.own_event(session, event_id))
