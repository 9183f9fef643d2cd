"""Ringing for what no bell has rung for: retries that have become due, leases of lost workers, bells that were lost.

Runs every two seconds, as a job of beat and as a thread of each worker; one of them leads, by a lease in Postgres.
When a bell cannot be sent the sweeper works itself, so that work goes on while the broker is away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import structlog
from sqlalchemy import text

from callwaiting.core import broker, metrics
from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import process_name
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.mails import sending as mails
from callwaiting.features.outbox import claims as effect_claims
from callwaiting.features.webhooks import claims as event_claims
from callwaiting.features.webhooks.leases import leads
from tasks.base import job
from tasks.mails import send_mails
from tasks.outbox import drain_effects
from tasks.webhooks import drain_events

INTERVAL_SECONDS = 2.0
LEASE_SECONDS = 3.0
OLDEST_DUE = text("select auth.oldest_due_event_seconds()")
DRAINS: Mapping[Job, Callable[[Runtime], None]] = {
    Job.DRAIN_EVENTS: drain_events,
    Job.DRAIN_EFFECTS: drain_effects,
    Job.SEND_MAILS: send_mails,
}
log = structlog.get_logger()


@job(Job.SWEEP)
def sweep(runtime: Runtime) -> None:
    """Ring for whatever is due, or do it when the bell cannot be sent. Does nothing while another process leads."""
    for due in due_jobs(runtime):
        try:
            publisher(runtime)(due)
        except Exception as error:  # whatever the broker's client raises: Postgres has the work, so it is done here
            log.warning("sweeper.works_inline", job=due, error=type(error).__name__)
            DRAINS[due](runtime)


def due_jobs(runtime: Runtime) -> list[Job]:
    """Which drains have something to do; none while another process leads."""
    with runtime.database.unit_of_work(SystemScope("sweep"), DatabaseRole.SERVICE) as session:
        if not leads(session, "sweep", process_name(), seconds=LEASE_SECONDS):
            return []
        metrics.OLDEST_DUE_SECONDS.set(session.scalar(OLDEST_DUE) or 0)
        looks = {
            Job.DRAIN_EVENTS: event_claims.any_due,
            Job.DRAIN_EFFECTS: effect_claims.any_due,
            Job.SEND_MAILS: mails.any_due,
        }
        return [due for due, look in looks.items() if look(session)]


def publisher(runtime: Runtime) -> broker.Send:
    """The sweeper's own way to the broker; unlike the doorbell it tells when a bell could not be sent."""
    return _publisher(runtime.settings.redis_url.get_secret_value())


@lru_cache(maxsize=1)
def _publisher(redis_url: str) -> broker.Send:
    return broker.publisher(redis_url)
