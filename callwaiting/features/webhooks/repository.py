"""Finding stored events, without their bodies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, func, select
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


def list_events(session: Session, wanted: EventFilter, *, limit: int) -> Sequence[EventFacts]:
    """The newest events first. The session is a system one of the service role."""
    query = _facts()
    for column, value in (
        (WebhookEvent.status, wanted.status),
        (WebhookEvent.provider, wanted.provider),
        (WebhookEvent.event_type, wanted.event_type),
        (WebhookEvent.merchant_id, wanted.merchant_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if wanted.since is not None:
        query = query.where(WebhookEvent.received_at >= wanted.since)
    rows = session.execute(query.order_by(WebhookEvent.id.desc()).limit(limit))  # ids sort by time
    return [EventFacts(**row) for row in rows.mappings()]


def event_facts(session: Session, event_id: UUID) -> EventFacts:
    """One event. The session is a system one of the service role. Raises NotFound."""
    row = session.execute(_facts().where(WebhookEvent.id == event_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no event {event_id}", reason="webhooks.event_not_found")
    return EventFacts(**row)


def attempts_of(session: Session, event_id: UUID) -> Sequence[AttemptFacts]:
    """The attempts at an event, oldest first."""
    columns = [getattr(WebhookAttempt, field.name) for field in fields(AttemptFacts)]
    rows = session.execute(select(*columns).where(WebhookAttempt.event_id == event_id).order_by(WebhookAttempt.n))
    return [AttemptFacts(**row) for row in rows.mappings()]


def _facts() -> Select[tuple[object, ...]]:
    account = func.coalesce(WebhookEvent.routing_keys["account"].astext, WebhookSource.account).label("account")
    of_source = {"mode": WebhookSource.mode, "account": account}
    columns = [
        of_source[field.name] if field.name in of_source else getattr(WebhookEvent, field.name)
        for field in fields(EventFacts)
    ]
    return select(*columns).join(WebhookSource, WebhookSource.id == WebhookEvent.source_id)
