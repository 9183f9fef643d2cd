"""Comparing a provider's own list of events with ours, and storing what never reached us.

The same insert stores them, so an event that arrives meanwhile is stored once. Missing events are alerted: something
between the provider and us loses deliveries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, and_, func, select

from callwaiting.core import clock, deadline
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.webhooks.inbox import Inbox
from callwaiting.features.webhooks.models import ReconcileRun, WebhookEvent, WebhookSource
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.attempts import three_attempts
from callwaiting.providers.ports import ListedEvent, SignedRequest
from callwaiting.providers.registry import Providers

LIST_SECONDS = 12.0
# What is younger may still be on its way by the webhook, and is not missing.
SETTLING = timedelta(minutes=5)
OVERLAP = timedelta(hours=1)
ASKED_AT_ONCE = 1000
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many events the provider listed, and how many of them we did not have."""

    listed: int
    missing: int


@dataclass(frozen=True, slots=True)
class Due:
    """A source to compare, and since when."""

    source_id: UUID
    provider: str
    public_id: str
    since: datetime


def due_sources(database: Database, providers: Providers, longest: timedelta) -> Sequence[Due]:
    """Sources whose provider lists events and is configured, the longest unseen first.

    Each goes on from its last good run, with an hour's overlap, and at most `longest` back.
    """
    listing = providers.configured & providers.payments.keys()
    return _due(database, longest, "events", WebhookSource.provider.in_(listing))


def due_telephony(database: Database, account: str, longest: timedelta) -> Due | None:
    """The source of the platform's own Twilio account, whose calls and texts are to be compared; None without one."""
    own = and_(WebhookSource.provider == "twilio", WebhookSource.account == account)
    return next(iter(_due(database, longest, "telephony", own)), None)


def keep_run(database: Database, run: ReconcileRun) -> None:
    """Keep what became of a comparison; only one without an error moves the next window on."""
    with database.unit_of_work(SystemScope("reconciliation"), DatabaseRole.SERVICE) as session:
        session.add(run)


def _due(database: Database, longest: timedelta, what: str, wanted: ColumnElement[bool]) -> Sequence[Due]:
    last = (
        select(func.max(ReconcileRun.window_end))
        .where(ReconcileRun.source_id == WebhookSource.id, ReconcileRun.what == what, ReconcileRun.error.is_(None))
        .scalar_subquery()
    )
    query = (
        select(WebhookSource.id, WebhookSource.provider, WebhookSource.public_id, last.label("last"))
        .where(wanted, WebhookSource.paused_at.is_(None))
        .order_by(last.nulls_first(), WebhookSource.id)
    )
    earliest = clock.now() - longest
    with database.unit_of_work(SystemScope("reconciliation"), DatabaseRole.SERVICE) as session:
        return [
            Due(row.id, row.provider, row.public_id, max(earliest, row.last - OVERLAP) if row.last else earliest)
            for row in session.execute(query)
        ]


def reconcile(
    database: Database,
    providers: Providers,
    inbox: Inbox,
    source: Source,
    accounts: Sequence[str],
    since: datetime,
    until: datetime,
) -> Comparison:
    """Store the events of the window that we lack; the run is kept in `reconcile_runs`, with its error if it fails.

    `accounts` are those that the source hears of: its own, or for a Connect endpoint every connected one, because a
    provider lists the events of one account at a time.

    Raises ProviderUnavailable, ProviderRejected, ProviderNotConfigured, ServiceUnavailable or DeadlineExceeded; what
    was stored before stays.
    """
    started = clock.now()
    listed: list[ListedEvent] = []
    missing = 0
    error: str | None = None
    try:
        for account in accounts:
            listed += _list(providers, source, account, since, until)
        for event in _unknown(database, source, listed):
            request = SignedRequest("", "", {"content-type": "application/json"}, event.raw)
            missing += inbox.receive(event.event, request, source, origin="reconcile") == "stored"
    except CallwaitingError as failure:
        error = failure.reason
        raise
    finally:
        run = ReconcileRun(
            source_id=source.id,
            window_start=since,
            window_end=until,
            listed=len(listed),
            missing=missing,
            error=error,
            started_at=started,
            ended_at=clock.now(),
        )
        keep_run(database, run)
        if missing:
            _report(database, source, missing)
    return Comparison(len(listed), missing)


def _list(
    providers: Providers, source: Source, account: str, since: datetime, until: datetime
) -> Sequence[ListedEvent]:
    payments = providers.payments[source.provider]
    return three_attempts(
        lambda: payments.list_events(account=account, since=since, until=until),
        deadline_s=deadline.remaining(LIST_SECONDS),
    )


def _unknown(database: Database, source: Source, listed: Sequence[ListedEvent]) -> Sequence[ListedEvent]:
    known: set[str] = set()
    keys = [item.event.dedupe_key for item in listed]
    with database.unit_of_work(SystemScope("reconciliation"), DatabaseRole.SERVICE) as session:
        for start in range(0, len(keys), ASKED_AT_ONCE):
            asked = keys[start : start + ASKED_AT_ONCE]
            query = select(WebhookEvent.dedupe_key).where(WebhookEvent.source_id == source.id)
            known.update(session.scalars(query.where(WebhookEvent.dedupe_key.in_(asked))))
    return [item for item in listed if item.event.dedupe_key not in known]


def _report(database: Database, source: Source, missing: int) -> None:
    scope = MerchantScope(source.merchant_id) if source.merchant_id else SystemScope("reconciliation")
    subject = f"webhook_source:{source.id}"
    with database.unit_of_work(scope) as session:
        audit.record(session, "webhook_source.reconciled", subject=subject, details={"missing": missing})
        alerts.raise_alert(
            session,
            "webhook_events_missing",
            subject=subject,
            severity="high",
            summary=f"{missing} {source.provider} events had not reached us and were fetched from the provider's list",
            details={"provider": source.provider, "mode": source.mode, "missing": missing},
        )
    log.warning("webhooks.events_missing", source=str(source.id), missing=missing)
