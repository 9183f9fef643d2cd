"""The doorbell: how the app says "look now" to the workers.

All work lies in Postgres; a bell only shortens the wait for the sweeper. One background thread per process sends at
most one message per bell and window, and once more after the window when it was rung meanwhile. Work that nobody waits
for rests longer. A failure to send is counted and dropped: no request ever feels it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import StrEnum

import structlog
from sqlalchemy.orm import Session

from callwaiting.core import metrics

WINDOW_SECONDS = 0.02
log = structlog.get_logger()


class Job(StrEnum):
    """Every job name. The app knows jobs by name only; a test proves that each is a registered task."""

    DRAIN_EVENTS = "webhooks.drain"
    DRAIN_EFFECTS = "outbox.drain"
    SEND_MAILS = "mails.send"
    CHAIN_AUDIT = "audit.chain"
    SWEEP = "maintenance.sweep"
    CANARY = "maintenance.canary"
    EMPTY_BODIES = "webhooks.empty_bodies"
    RECONCILE = "webhooks.reconcile"
    RECONCILE_TELEPHONY = "reconciliation.telephony"
    RECONCILE_MONEY = "reconciliation.money"
    FINALISE_CALLS = "calls.finalise"
    EXPIRE_ORDERS = "orders.expire"
    ASK_ABOUT_PAYMENTS = "payments.ask"
    REMIND_OF_BOOKINGS = "bookings.remind"
    TELL_SUMMARIES = "summaries.tell"
    READ_CALENDARS = "bookings.read_calendars"
    FORGET_SIGN_INS = "accounts.forget_sign_ins"
    ASK_PROVIDERS = "health.ask_providers"
    FORGET_IDEMPOTENCY_KEYS = "api.forget_idempotency_keys"


class Queue(StrEnum):
    """Queues by urgency, one worker group each."""

    EVENTS = "events"
    EFFECTS = "effects"
    MAINTENANCE = "maintenance"


QUEUE_OF: dict[Job, Queue] = {
    Job.DRAIN_EVENTS: Queue.EVENTS,
    Job.DRAIN_EFFECTS: Queue.EFFECTS,
    Job.SEND_MAILS: Queue.EFFECTS,
    Job.CHAIN_AUDIT: Queue.MAINTENANCE,
    Job.SWEEP: Queue.MAINTENANCE,
    Job.CANARY: Queue.MAINTENANCE,
    Job.EMPTY_BODIES: Queue.MAINTENANCE,
    Job.RECONCILE: Queue.MAINTENANCE,
    Job.RECONCILE_TELEPHONY: Queue.MAINTENANCE,
    Job.RECONCILE_MONEY: Queue.MAINTENANCE,
    Job.FINALISE_CALLS: Queue.MAINTENANCE,
    Job.EXPIRE_ORDERS: Queue.MAINTENANCE,
    Job.ASK_ABOUT_PAYMENTS: Queue.MAINTENANCE,
    Job.REMIND_OF_BOOKINGS: Queue.MAINTENANCE,
    Job.TELL_SUMMARIES: Queue.MAINTENANCE,
    Job.READ_CALENDARS: Queue.MAINTENANCE,
    Job.FORGET_SIGN_INS: Queue.MAINTENANCE,
    Job.ASK_PROVIDERS: Queue.MAINTENANCE,
    Job.FORGET_IDEMPOTENCY_KEYS: Queue.MAINTENANCE,
}


# Each change writes an audit record, which is safe where it lies; to chain it at once would cost a job a change.
REST_SECONDS = {Job.CHAIN_AUDIT: 1.0}


def ring(session: Session, job: Job) -> None:
    """Ring after this session's transaction has committed; a rollback rings nothing."""
    bells: set[str] = session.info["bells"]
    bells.add(job)


class Doorbell:
    """Sends bells through `send`, which may raise anything and may take a while."""

    def __init__(self, send: Callable[[Job], None], *, window: float = WINDOW_SECONDS) -> None:
        self._send = send
        self._window = window
        self._rung: set[Job] = set()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None

    def ring(self, *jobs: Job) -> None:
        """Returns at once. The first ring is sent right away, those of the following window or rest as one."""
        with self._wake:
            new = not self._rung.issuperset(jobs)
            self._rung.update(jobs)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="doorbell", daemon=True)
                self._thread.start()
            if new:  # else it is about to be sent, and waking the thread would only take the interpreter from ours
                self._wake.notify()

    def ring_names(self, names: set[str]) -> None:
        """The form that a unit of work calls after its commit."""
        self.ring(*(Job(name) for name in names))

    def _run(self) -> None:
        rests_until: dict[Job, float] = {}
        while True:
            with self._wake:
                while not (due := {job for job in self._rung if rests_until.get(job, 0.0) <= time.monotonic()}):
                    ends = [rests_until[job] for job in self._rung]
                    self._wake.wait(min(ends) - time.monotonic() if ends else None)
                self._rung -= due
            for job in due:
                try:
                    self._send(job)
                    metrics.BELLS.labels(job, "sent").inc()
                except Exception as error:  # whatever the broker client raises, the sweeper makes up for it
                    metrics.BELLS.labels(job, "failed").inc()
                    log.warning("doorbell.failed", job=job, error=type(error).__name__)
                rests_until[job] = time.monotonic() + REST_SECONDS.get(job, 0.0)
            time.sleep(self._window)
