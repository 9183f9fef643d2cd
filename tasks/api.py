"""What the API leaves behind."""

from __future__ import annotations

from callwaiting.core.http.idempotency import forget_old_keys
from callwaiting.core.jobs import Job
from callwaiting.factory import Runtime
from tasks.base import job


@job(Job.FORGET_IDEMPOTENCY_KEYS)
def forget_idempotency_keys(runtime: Runtime) -> None:
    """Delete the Idempotency-Keys that are older than 48 hours."""
    forget_old_keys(runtime.database)
