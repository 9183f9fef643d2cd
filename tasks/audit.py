"""Chaining the audit trail."""

from __future__ import annotations

import time

from callwaiting.core import deadline
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit.chain import BATCH, chain_batch
from tasks.base import job

BUDGET_SECONDS = 10.0


@job(Job.CHAIN_AUDIT)
def chain_audit(runtime: Runtime) -> None:
    """Chain what waits, a transaction a batch, until none is left; what is left after ten seconds waits for the next
    run."""
    end = time.monotonic() + deadline.remaining(BUDGET_SECONDS)
    while time.monotonic() < end:
        with runtime.database.unit_of_work(SystemScope("audit chain"), DatabaseRole.AUDIT) as session:
            chained = chain_batch(session)
        if chained < BATCH:
            return
