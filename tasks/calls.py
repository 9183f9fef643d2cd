"""Ending calls whose last notice never came."""

from __future__ import annotations

import time

import structlog

from callwaiting.core import deadline
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.calls import service
from tasks.base import job

BUDGET_SECONDS = 10.0
log = structlog.get_logger()


@job(Job.FINALISE_CALLS)
def finalise_calls(runtime: Runtime) -> None:
    """Finalise each call without news in a transaction of its merchant; one that fails does not keep the others.
    What is left after ten seconds waits for the next run.
    """
    end = time.monotonic() + deadline.remaining(BUDGET_SECONDS)
    with runtime.database.unit_of_work(SystemScope("calls without news"), DatabaseRole.SERVICE) as session:
        stale = service.stale_calls(session)
    for merchant_id, call_id in stale:
        if time.monotonic() > end:
            return
        try:
            with runtime.database.unit_of_work(MerchantScope(merchant_id)) as session:
                service.finalise_stale(session, call_id)
        except Exception as error:  # it is still listed, so the next run tries again
            log.error("calls.finalise_failed", call=str(call_id), error=type(error).__name__, exc_info=error)
