"""Webhook sources and stored events, as the inbox leaves them."""

from __future__ import annotations

import atexit
import hashlib
import time
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor
from sqlalchemy import insert

from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_id, new_token
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.keys import service as keys
from callwaiting.features.webhooks.models import WebhookEvent, WebhookSource
from callwaiting.features.webhooks.service import body_place


def store_source(
    worker: Runtime, merchant: MerchantScope | None, *, provider: str = "stripe", account: str = ""
) -> UUID:
    """A source of one merchant, or of several whose events are told apart by their keys."""
    source_id, public_id = new_id(), new_token()
    scope = merchant or SystemScope("a source of the tests")
    with worker.database.unit_of_work(scope) as session:
        session.add(
            WebhookSource(
                id=source_id,
                public_id=public_id,
                merchant_id=merchant.merchant_id if merchant else None,
                provider=provider,
                mode="test",
                account=account,
                public_url=f"http://callwaiting.test/webhooks/{provider}/{public_id}",
            )
        )
    return source_id


def store_event(
    worker: Runtime,
    source_id: UUID,
    *,
    event_type: str = "test.event",
    object_key: str = "",
    provider: str = "stripe",
    routing_keys: dict[str, Any] | None = None,
    raw: bytes = b"{}",
    occurred_at: datetime | None = None,
    request_id: str = "",
) -> UUID:
    """A received event that is due now."""
    event_id = new_id()
    with worker.database.unit_of_work(SystemScope("an event of the tests")) as session:
        sealed = keys.seal_for_platform(session, body_place(event_id), raw)
    with worker.database.unit_of_work(SystemScope("an event of the tests"), DatabaseRole.WEBHOOK) as session:
        session.execute(
            insert(WebhookEvent).values(
                id=event_id,
                source_id=source_id,
                provider=provider,
                routing_keys=routing_keys or {},
                dedupe_key=f"evt_{event_id.hex}",
                provider_event_id=f"evt_{event_id.hex}",
                event_type=event_type,
                object_key=object_key or event_id.hex,
                occurred_at=occurred_at,
                raw=sealed,
                body_sha256=hashlib.sha256(raw).digest(),
                request_id=request_id,
            )
        )
    return event_id


def rows(admin_url: str, query: str, *values: object) -> list[dict[str, Any]]:
    """What the superuser sees."""
    with _superuser(admin_url).cursor() as cursor:
        cursor.execute(query, tuple(str(v) if isinstance(v, UUID) else v for v in values))
        return [dict(row) for row in cursor.fetchall()] if cursor.description else []


@cache
def _superuser(admin_url: str) -> Connection:
    """One connection for all looks of a process: they are many, and to connect costs more than to look."""
    connection = psycopg2.connect(admin_url, cursor_factory=RealDictCursor)
    connection.autocommit = True
    atexit.register(connection.close)
    return connection


def event_row(admin_url: str, event_id: UUID) -> dict[str, Any]:
    (row,) = rows(admin_url, "select * from app.webhook_events where id = %s", event_id)
    return row


def make_due(admin_url: str) -> None:
    """Let the time pass that events and effects wait for."""
    for table, states in (("webhook_events", "status"), ("outbox", "state")):
        rows(admin_url, f"update app.{table} set next_at = now() where {states} in ('received', 'retry', 'unknown')")


def expire_leases(admin_url: str) -> None:
    """Let the time pass after which a worker counts as lost."""
    for table in ("webhook_events", "outbox"):
        rows(
            admin_url, f"update app.{table} set lease_until = now() - interval '1 second' where lease_until is not null"
        )


def until(condition: Callable[[], object], *, seconds: float = 60.0) -> None:
    """Poll until the condition holds. Fails when it never does."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)
