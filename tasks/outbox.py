"""Making the planned calls to providers."""

from __future__ import annotations

from callwaiting.core.jobs import Job
from callwaiting.factory import Runtime
from callwaiting.features.outbox import drain
from tasks.base import job
from tasks.effects import PERFORMERS


@job(Job.DRAIN_EFFECTS)
def drain_effects(runtime: Runtime) -> None:
    """Perform effects until none is due; when the time is up first, ring for the next."""
    if drain.drain(runtime.database, runtime.providers, PERFORMERS):
        runtime.doorbell.ring(Job.DRAIN_EFFECTS)
