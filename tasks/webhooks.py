"""Working through stored events, and emptying their bodies when they are old."""

from __future__ import annotations

from datetime import timedelta

from callwaiting.core.jobs import Job
from callwaiting.factory import Runtime
from callwaiting.features.webhooks import drain, retention
from tasks.base import job
from tasks.webhook_handlers import HANDLERS


@job(Job.DRAIN_EVENTS)
def drain_events(runtime: Runtime) -> None:
    """Work until nothing is due; when the time is up first, ring for the next."""
    if drain.drain(runtime.database, runtime.providers, HANDLERS):
        runtime.doorbell.ring(Job.DRAIN_EVENTS)


@job(Job.EMPTY_BODIES)
def empty_bodies(runtime: Runtime) -> None:
    """Empty what is older than `WEBHOOK_BODY_DAYS`; when the time is up first, ring for the next."""
    _, more = retention.empty_bodies(runtime.database, timedelta(days=runtime.settings.webhook_body_days))
    if more:
        runtime.doorbell.ring(Job.EMPTY_BODIES)
