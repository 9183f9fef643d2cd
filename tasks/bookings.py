"""Reminding callers of their bookings, and reading calendars elsewhere."""

from __future__ import annotations

import time

import structlog

from callwaiting.core import deadline
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.bookings import calendar_reading, reminders
from callwaiting.providers.ports import CalendarBroken, CalendarUnavailable
from tasks.base import job

BUDGET_SECONDS = 10.0
BEGIN_SECONDS = 2.0  # a calendar takes up to 15 s, and a job has 18
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


@job(Job.READ_CALENDARS)
def read_calendars(runtime: Runtime) -> None:
    """Read each calendar whose time has come; after two seconds, ring for the next."""
    end = time.monotonic() + BEGIN_SECONDS
    with runtime.database.unit_of_work(SystemScope("calendars to read"), DatabaseRole.SERVICE) as session:
        due = calendar_reading.due_calendars(session)
    for calendar in due:
        if time.monotonic() > end:
            runtime.doorbell.ring(Job.READ_CALENDARS)
            return
        try:
            _read(runtime, calendar)
        except Exception as error:  # it is due again when its lease has run out
            log.error(
                "bookings.calendar_failed", calendar=str(calendar.calendar_id), error=type(error).__name__,
                exc_info=error,
            )  # fmt: skip


def _read(runtime: Runtime, due: calendar_reading.Due) -> None:
    scope = MerchantScope(due.merchant_id)
    with runtime.database.unit_of_work(scope) as session:
        claimed = calendar_reading.claim(session, due.calendar_id)
    if claimed is None:
        return
    try:
        reading = calendar_reading.read(runtime.providers.calendar, claimed)
    except (CalendarUnavailable, CalendarBroken) as error:
        log.warning("bookings.calendar_not_read", calendar=str(due.calendar_id), problem=error.detail[:200])
        with runtime.database.unit_of_work(scope) as session:
            calendar_reading.fail(session, claimed, error)
        return
    with runtime.database.unit_of_work(scope) as session:
        calendar_reading.record(session, claimed.id, reading, version=claimed.version)
