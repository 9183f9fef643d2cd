"""Reminding callers of their bookings."""

from __future__ import annotations

import time

import structlog

from callwaiting.core import deadline
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.bookings import reminders
from tasks.base import job

BUDGET_SECONDS = 10.0
log = structlog.get_logger()


@job(Job.REMIND_OF_BOOKINGS)
def remind_of_bookings(runtime: Runtime) -> None:
    """Remind of each due booking in a transaction of its merchant; one that fails does not keep the others.
    What is left after ten seconds waits for the next run.
    """
    end = time.monotonic() + deadline.remaining(BUDGET_SECONDS)
    with runtime.database.unit_of_work(SystemScope("bookings to remind of"), DatabaseRole.SERVICE) as session:
        due = reminders.due_reminders(session)
    for reminder in due:
        if time.monotonic() > end:
            return
        try:
            with runtime.database.unit_of_work(MerchantScope(reminder.merchant_id)) as session:
                reminders.remind(session, reminder.booking_id)
        except Exception as error:  # it is still due, so the next run tries again
            log.error(
                "bookings.remind_failed", booking=str(reminder.booking_id), error=type(error).__name__, exc_info=error
            )
