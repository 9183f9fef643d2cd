"""Finding stored events, without their bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, SQLColumnExpression, func, select, true
from sqlalchemy.orm import Session

from callwaiting.core.errors import NotFound
from callwaiting.features.webhooks.models import WebhookAttempt, WebhookEvent, WebhookSource
from callwaiting.providers.ports import Mode, ProviderName


@dataclass(frozen=True, slots=True)
class EventFacts:
    """All that is known of a stored event but its body."""

    id: UUID
    merchant_id: UUID | None
    source_id: UUID
    provider: ProviderName
    mode: Mode
    account: str
    event_type: str
    object_key: str
    provider_event_id: str
    dedupe_key: str
    occurred_at: datetime | None
    seq: int | None
    received_at: datetime
    origin: str
    request_id: str
    status: str
    attempts: int
    next_at: datetime
    error_class: str | None
    error: str | None
    done_at: datetime | None
    emptied_at: datetime | None
    deliveries: int


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """How one attempt at an event ended."""

    n: int
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    error: str | None
    worker: str


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to list; what is None does not matter."""

    status: str | None = None
    provider: str | None = None
    event_type: str | None = None
    since: datetime | None = None
    merchant_id: UUID | None = None
    object_key: str | None = None
    until: datetime | None = None


def list_events(session: Session, wanted: EventFilter, *, limit: int) -> Sequence[EventFacts]:
    """The newest events first. The session is a system one of the service role."""
    query = _matching(_facts(), wanted).order_by(WebhookEvent.id.desc()).limit(limit)  # ids sort by time
    return [EventFacts(**row) for row in session.execute(query).mappings()]


def event_facts(session: Session, event_id: UUID) -> EventFacts:
    """One event. The session is a system one of the service role. Raises NotFound."""
    row = session.execute(_facts().where(WebhookEvent.id == event_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no event {event_id}", reason="webhooks.event_not_found")
    return EventFacts(**row)


def own_events(session: Session, wanted: EventFilter, *, before: UUID | None, limit: int) -> Sequence[EventFacts]:
    """The events of the session's merchant, newest first; those older than `before`."""
    query = _matching(_own_facts(), wanted).order_by(WebhookEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(WebhookEvent.id < before)
    return [EventFacts(**row) for row in session.execute(query).mappings()]


def own_event(session: Session, event_id: UUID) -> EventFacts:
    """One event of the session's merchant. Raises NotFound."""
    row = session.execute(_own_facts().where(WebhookEvent.id == event_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no event {event_id}", reason="webhooks.event_not_found")
    return EventFacts(**row)


def last_attempts(session: Session, event_id: UUID, *, limit: int = 100) -> Sequence[AttemptFacts]:
    """The last attempts at an event, oldest first."""
    query = _attempts(event_id).order_by(WebhookAttempt.n.desc()).limit(limit)
    return [AttemptFacts(**row) for row in session.execute(query).mappings()][::-1]


def attempts_of(session: Session, event_id: UUID) -> Sequence[AttemptFacts]:
    """The attempts at an event, oldest first."""
    rows = session.execute(_attempts(event_id).order_by(WebhookAttempt.n))
    return [AttemptFacts(**row) for row in rows.mappings()]


def _attempts(event_id: UUID) -> Select[*tuple[Any, ...]]:
    columns = [getattr(WebhookAttempt, field.name) for field in fields(AttemptFacts)]
    return select(*columns).where(WebhookAttempt.event_id == event_id)


def _matching(query: Select[*tuple[Any, ...]], wanted: EventFilter) -> Select[*tuple[Any, ...]]:
    for column, value in (
        (WebhookEvent.status, wanted.status),
        (WebhookEvent.provider, wanted.provider),
        (WebhookEvent.event_type, wanted.event_type),
        (WebhookEvent.object_key, wanted.object_key),
        (WebhookEvent.merchant_id, wanted.merchant_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(WebhookEvent.received_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(WebhookEvent.received_at < wanted.until)
    return query


def _facts() -> Select[*tuple[Any, ...]]:
    source = WebhookSource
    return _columns(source.mode, source.account).join(source, source.id == WebhookEvent.source_id)


def _own_facts() -> Select[*tuple[Any, ...]]:
    """A source that serves several merchants is shown to none of them: one function tells what an event needs."""
    found = func.auth.source_of_event(WebhookEvent.id).table_valued("mode", "account", name="source").render_derived()
    return _columns(found.c.mode, found.c.account).join(found, true())


def _columns(mode: SQLColumnExpression[str], account: SQLColumnExpression[str]) -> Select[*tuple[Any, ...]]:
    of_source = {
        "mode": mode.label("mode"),
        "account": func.coalesce(WebhookEvent.routing_keys["account"].astext, account).label("account"),
    }
    names = [field.name for field in fields(EventFacts)]
    return select(
        *(of_source[name] if name in of_source else getattr(WebhookEvent, name) for name in names)
    ).select_from(WebhookEvent)
