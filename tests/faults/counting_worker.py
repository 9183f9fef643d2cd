"""Celery's entry point for the fault proof: the real worker, and one handler more that counts how often it ran.

The counter has no unique key, so it shows what the business handlers would forgive: that an event had two effects.
`FAULTS_LEASE_SECONDS` shortens the leases, so that a short run sees lost work taken up again.
"""

from __future__ import annotations

import os
import time
from contextlib import closing
from typing import Literal, cast

import orjson
import psycopg2
from sqlalchemy import text
from sqlalchemy.orm import Session

from callwaiting.features.outbox import claims as effect_claims
from callwaiting.features.webhooks import claims as event_claims
from callwaiting.features.webhooks.service import Handler, StoredEvent
from callwaiting.providers.registry import Providers
from celery_worker import app
from tasks.webhook_handlers import HANDLERS
from tests.faults.probe import COUNTED, EFFECT_LEASE_FACTOR, LONGEST_STALL_SECONDS, TAKEN_OVER

__all__ = ["app"]
LOST = text("select count(*) from app.webhook_attempts where event_id = :id")


def count(session: Session, event: StoredEvent, providers: Providers) -> Literal["done"]:
    """Count the event. One that stalls does so at its first attempt."""
    subject = orjson.loads(event.raw)["data"]["object"]
    session.execute(text("insert into probe.counter (key) values (:key)"), {"key": event.provider_event_id})
    if subject["stalls"] and session.scalar(LOST, {"id": event.id}) == 0:
        stall()
    return "done"


def stall() -> None:
    """Outlast the lease, until another worker has taken over what was claimed with this event."""
    end = time.monotonic() + LONGEST_STALL_SECONDS
    with closing(psycopg2.connect(os.environ["DATABASE_URL_WORKER"])) as beside, beside.cursor() as cursor:
        beside.autocommit = True
        while time.monotonic() < end:
            cursor.execute("select count(*) >= %s from probe.counter", (TAKEN_OVER,))
            if cursor.fetchone() == (True,):
                return
            time.sleep(0.1)


cast("dict[tuple[str, str], Handler]", HANDLERS)["stripe", COUNTED] = count
if lease := os.environ.get("FAULTS_LEASE_SECONDS"):
    event_claims.LEASE_SECONDS = int(lease)
    effect_claims.LEASE_SECONDS = int(lease) * EFFECT_LEASE_FACTOR
