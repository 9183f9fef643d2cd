"""Handling a finished event once more, and trying out what that would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from callwaiting.core.db import Database
from callwaiting.core.errors import Conflict, NotFound
from callwaiting.core.jobs import Job, ring
from callwaiting.core.retry import describe
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.webhooks.models import WebhookEvent
from callwaiting.features.webhooks.repository import EventFacts
from callwaiting.features.webhooks.service import Handler, StoredEvent, body_place
from callwaiting.providers.registry import Providers

FINISHED = ("done", "ignored", "dead")
UNROUTED = text("""
update app.webhook_events
set status = 'received', attempts = 0, next_at = now(), error_class = null, error = null
where id = :id and status = 'dead' and merchant_id is null and emptied_at is null returning id
""")
# What this transaction has done to tables so far, by Postgres' own count: nothing a handler writes can escape it.
TOUCHED = text("""
select schemaname || '.' || relname as name, n_tup_ins, n_tup_upd, n_tup_del from pg_stat_xact_user_tables
where schemaname in ('app', 'audit') and n_tup_ins + n_tup_upd + n_tup_del > 0
""")


@dataclass(frozen=True, slots=True)
class Change:
    """How many rows of one table an event would insert, update and delete."""

    table: str
    inserted: int
    updated: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a dry run found. `error` is set when the handler would fail."""

    outcome: str
    changes: tuple[Change, ...]
    error: str = ""


class _Undone(Exception):
    """Rolls a dry run back."""


def replay(session: Session, event_id: UUID, *, reason: str) -> None:
    """Make a finished event of the session's merchant due again. The audit trail keeps who did it and the `reason`.

    Raises NotFound, or Conflict when the event is not finished or its body has been emptied.
    """
    event = _event(session, event_id)
    if event.status not in FINISHED:
        message = "This event is not finished."
        raise Conflict(f"event {event_id} is {event.status}", reason="webhooks.event_not_finished", message=message)
    event.raw = keys.seal_for_platform(session, body_place(event.id), _body(session, event))
    event.status, event.attempts, event.next_at = "received", 0, func.now()
    event.error_class = event.error = event.done_at = None
    audit.record(session, "webhook.replayed", subject=f"webhook_event:{event_id}", reason=reason)
    ring(session, Job.DRAIN_EVENTS)


def replay_unrouted(session: Session, event_id: UUID, *, reason: str) -> None:
    """The same for an event that died because it led to no merchant. The session is a system one of the service role.

    Raises Conflict when the event is not of that kind.
    """
    if session.execute(UNROUTED, {"id": event_id}).one_or_none() is None:
        raise Conflict(f"event {event_id} is not an unroutable one", reason="webhooks.event_not_unroutable")
    audit.record(session, "webhook.replayed", subject=f"webhook_event:{event_id}", reason=reason)
    ring(session, Job.DRAIN_EVENTS)


def dry_run(
    database: Database,
    scope: MerchantScope,
    providers: Providers,
    handlers: Mapping[tuple[str, str], Handler],
    facts: EventFacts,
) -> Rehearsal:
    """Run the real handler on an event in a transaction that is rolled back, and tell what it would change.

    Nothing leaves: calls to providers are rows of the outbox, which are rolled back too, and no bell is rung.
    Raises NotFound, or Conflict when the body has been emptied.
    """
    rehearsal = Rehearsal("ignored", ())
    try:
        with database.unit_of_work(scope) as session:
            stored = open_event(session, facts)
            before = _touched(session)
            handler = handlers.get((facts.provider, facts.event_type))
            if handler:
                rehearsal = _rehearse(session, handler, stored, providers, before)
            raise _Undone
    except _Undone:
        return rehearsal


def open_event(session: Session, facts: EventFacts) -> StoredEvent:
    """An event of the session's merchant with its body. Raises NotFound, or Conflict when it has been emptied."""
    return StoredEvent(
        id=facts.id,
        provider=facts.provider,
        mode=facts.mode,
        account=facts.account,
        event_type=facts.event_type,
        object_key=facts.object_key,
        provider_event_id=facts.provider_event_id,
        occurred_at=facts.occurred_at,
        seq=facts.seq,
        received_at=facts.received_at,
        raw=_body(session, _event(session, facts.id)),
    )


def _rehearse(
    session: Session, handler: Handler, stored: StoredEvent, providers: Providers, before: Mapping[str, Change]
) -> Rehearsal:
    try:
        outcome = handler(session, stored, providers)
        audit.write_records(session)
        session.flush()
    except Exception as failure:
        return Rehearsal("failed", (), describe(failure))
    changes = [
        Change(name, now.inserted - was.inserted, now.updated - was.updated, now.deleted - was.deleted)
        for name, now in sorted(_touched(session).items())
        if now != (was := before.get(name, Change(name, 0, 0, 0)))
    ]
    return Rehearsal(outcome, tuple(changes))


def _touched(session: Session) -> dict[str, Change]:
    return {row.name: Change(*row) for row in session.execute(TOUCHED)}


def _event(session: Session, event_id: UUID) -> WebhookEvent:
    event = session.scalars(select(WebhookEvent).where(WebhookEvent.id == event_id).with_for_update()).one_or_none()
    if event is None:
        raise NotFound(f"event {event_id}", reason="webhooks.event_not_found")
    return event


def _body(session: Session, event: WebhookEvent) -> bytes:
    if event.raw is None:
        raise Conflict(
            f"the body of event {event.id} has been emptied",
            reason="webhooks.body_emptied",
            message="The body of this event has been emptied.",
        )
    opened = keys.unseal if event.status in {"done", "ignored"} else keys.unseal_for_platform
    return opened(session, body_place(event.id), event.raw)
