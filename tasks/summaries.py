"""Telling merchants what their day was like."""

from __future__ import annotations

import time

import structlog

from callwaiting.core import deadline
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.summaries import telling
from tasks.base import job

BUDGET_SECONDS = 10.0
log = structlog.get_logger()


@job(Job.TELL_SUMMARIES)
def tell_summaries(runtime: Runtime) -> None:
    """Tell each due day in a transaction of its merchant; one that fails does not keep the others.
    What is left after ten seconds waits for the next run.
    """
    end = time.monotonic() + deadline.remaining(BUDGET_SECONDS)
    with runtime.database.unit_of_work(SystemScope("days to tell"), DatabaseRole.SERVICE) as session:
        due = telling.due(session)
    for found in due:
        if time.monotonic() > end:
            return
        try:
            with runtime.database.unit_of_work(MerchantScope(found.merchant_id)) as session:
                telling.tell(session, found.day)
        except Exception as error:  # it is still due, so the next run tries again
            log.error("summaries.failed", merchant=str(found.merchant_id), error=type(error).__name__, exc_info=error)
