"""Stored events as routes show them, to a merchant's team and to operators alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from flask import current_app
from sqlalchemy.orm import Session

from callwaiting.core.http.context import database
from callwaiting.core.http.paging import Page
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.webhooks import replay, repository
from callwaiting.features.webhooks.repository import EventFacts, EventFilter
from callwaiting.features.webhooks.schemas import AttemptFace, EventDetail, EventFace, EventQuery, RehearsalFace
from callwaiting.features.webhooks.service import Handler
from callwaiting.providers.registry import Providers


def page(session: Session, query: EventQuery) -> Page[EventFace]:
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


def face(session: Session, event_id: UUID) -> EventFace:
    """Raises NotFound."""
    session.flush()
    return EventFace.model_validate(repository.own_event(session, event_id))


def detail(session: Session, event_id: UUID) -> EventDetail:
    """Raises NotFound."""
    attempts = [AttemptFace.model_validate(attempt) for attempt in repository.last_attempts(session, event_id)]
    return EventDetail.model_construct(**dict(face(session, event_id)), attempt_log=attempts)


def rehearse(scope: MerchantScope, facts: EventFacts) -> RehearsalFace:
    """Run the real handler in a transaction of its own that is rolled back. Raises Conflict."""
    handlers = cast(Mapping[tuple[str, str], Handler], current_app.extensions["event_handlers"]())
    providers = cast(Providers, current_app.extensions["providers"])
    return RehearsalFace.model_validate(replay.dry_run(database(), scope, providers, handlers, facts))
