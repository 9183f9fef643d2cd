"""What beat rings for, and when. Beat keeps no state that matters: each job finds its own work in Postgres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from celery.schedules import crontab

from callwaiting.core.jobs import Job


@dataclass(frozen=True, slots=True)
class Entry:
    """`every` is in seconds, or a time of day in UTC. A message that nobody took in time is dropped: the next comes."""

    job: Job
    every: float | crontab


ENTRIES = (
    Entry(Job.SWEEP, 2.0),
    Entry(Job.CHAIN_AUDIT, 5.0),
    Entry(Job.FINALISE_CALLS, 15.0),
    Entry(Job.EXPIRE_ORDERS, 60.0),
    Entry(Job.ASK_ABOUT_PAYMENTS, 60.0),
    Entry(Job.ASK_PROVIDERS, 60.0),
    Entry(Job.REMIND_OF_BOOKINGS, 60.0),
    Entry(Job.TELL_SUMMARIES, crontab(minute="*/5")),
    Entry(Job.READ_CALENDARS, 60.0),
    Entry(Job.RECONCILE, crontab(minute="7")),
    Entry(Job.RECONCILE_TELEPHONY, crontab(minute="22")),
    Entry(Job.RECONCILE_MONEY, crontab(minute="37")),
    Entry(Job.EMPTY_BODIES, crontab(hour="3", minute="20")),
    Entry(Job.FORGET_SIGN_INS, crontab(minute="50")),
    Entry(Job.FORGET_IDEMPOTENCY_KEYS, crontab(minute="40")),
)
SECONDS_TO_TAKE = 30.0


def beat_schedule() -> Mapping[str, Mapping[str, object]]:
    """The schedule in Celery's own form."""
    return {
        entry.job.value: {
            "task": entry.job.value,
            "schedule": entry.every,
            "options": {"expires": SECONDS_TO_TAKE},
        }
        for entry in ENTRIES
    }
