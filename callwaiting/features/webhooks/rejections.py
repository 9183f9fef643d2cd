"""What the request path noticed and must not stop for: refused requests and events that came with another body.

Both wait in memory and are written by one background thread every few seconds. A crash loses a few counts; the
requests behind them were answered long before.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError

from callwaiting.core import clock
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.tenancy import MerchantScope, Scope, SystemScope
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.webhooks.models import RejectedRequests
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.ports import TimestampExpired, VerificationFailed, VerifiedEvent

FLUSH_S = 3.0
MAX_KEPT = 10_000
ALERT_WINDOW = timedelta(minutes=5)
ALERT_FROM = 5
SIGNATURE = (VerificationFailed.reason, TimestampExpired.reason)
log = structlog.get_logger()

Key = tuple[UUID, str, datetime]


class Rejections:
    """Counts refused requests by source, reason and minute, and reports what a person should see."""

    def __init__(self, database: Database, *, flush_s: float = FLUSH_S) -> None:
        self._database = database
        self._flush_s = flush_s
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self._sources: dict[UUID, Source] = {}
        self._changed: dict[tuple[UUID, str], tuple[Source, VerifiedEvent]] = {}
        self._quiet_until: dict[UUID, datetime] = {}
        self._closed = threading.Event()
        self._pid = 0

    def count(self, source: Source, error: CallwaitingError) -> None:
        """Count one refused request. A failure of ours (5xx) is none."""
        if error.face.status >= 500:
            return
        key = (source.id, error.reason, clock.now().replace(second=0, microsecond=0))
        with self._lock:
            if key in self._counts or len(self._counts) < MAX_KEPT:
                self._counts[key] += 1
                self._sources[source.id] = source
        self._start()

    def body_changed(self, source: Source, verified: VerifiedEvent) -> None:
        """Note that an event came again, rightly signed, with another body."""
        with self._lock:
            if len(self._changed) < MAX_KEPT:
                self._changed[(source.id, verified.dedupe_key)] = (source, verified)
        self._start()

    def close(self) -> None:
        """End the thread; what it had not written yet is lost."""
        self._closed.set()

    def flush(self) -> None:
        """Write all that waits. What cannot be written now waits on."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            changed, self._changed = self._changed, {}
        failures: Mapping[UUID, int] = {}
        try:
            if counts:
                failures = self._write(counts)
                counts = Counter()
            self._alert(failures)
            for key, (source, verified) in list(changed.items()):
                self._report_change(source, verified)
                del changed[key]
        except (CallwaitingError, SQLAlchemyError) as error:
            log.warning("webhooks.rejections_not_written", error=type(error).__name__)
            with self._lock:
                self._counts.update(counts)
                self._changed.update(changed)

    def _start(self) -> None:
        if self._pid == os.getpid():
            return
        with self._lock:
            if self._pid == os.getpid():
                return
            self._pid = os.getpid()
        threading.Thread(target=self._run, name="webhook-rejections", daemon=True).start()

    def _run(self) -> None:
        while not self._closed.wait(self._flush_s):
            self.flush()

    def _write(self, counts: Counter[Key]) -> Mapping[UUID, int]:
        """Add to the counters; returns the recent signature failures, of all processes, of the sources concerned.

        Rows go in the order of their keys, as in every process, so that no two wait for each other.
        """
        rows = [
            {"source_id": source_id, "reason": reason, "minute": minute, "count": number}
            for (source_id, reason, minute), number in sorted(counts.items())
        ]
        addition = insert(RejectedRequests).values(rows)
        addition = addition.on_conflict_do_update(
            index_elements=["source_id", "reason", "minute"],
            set_={"count": RejectedRequests.count + addition.excluded.count},
        )
        recent = (
            select(RejectedRequests.source_id, func.sum(RejectedRequests.count))
            .where(
                RejectedRequests.source_id.in_({source_id for source_id, reason, _ in counts if reason in SIGNATURE}),
                RejectedRequests.reason.in_(SIGNATURE),
                RejectedRequests.minute > clock.now() - ALERT_WINDOW,
            )
            .group_by(RejectedRequests.source_id)
        )
        with self._database.unit_of_work(SystemScope("counting refused requests"), DatabaseRole.WEBHOOK) as session:
            session.execute(addition)
            return {source_id: int(number) for source_id, number in session.execute(recent)}

    def _alert(self, failures: Mapping[UUID, int]) -> None:
        """Alert once per source and window. Other processes may do so too: it is one alert, counted."""
        now = clock.now()
        for source_id, number in failures.items():
            if number < ALERT_FROM or self._quiet_until.get(source_id, now) > now:
                continue
            source = self._sources[source_id]
            with self._database.unit_of_work(_scope(source, "refused signatures")) as session:
                alerts.raise_alert(
                    session,
                    "webhook_signatures",
                    subject=f"webhook_source:{source_id}",
                    severity="high",
                    summary=f"{number} requests with a wrong signature came to a {source.provider} source in 5 minutes",
                    details={"provider": source.provider, "mode": source.mode, "failures": number},
                )
            self._quiet_until[source_id] = now + ALERT_WINDOW

    def _report_change(self, source: Source, verified: VerifiedEvent) -> None:
        with self._database.unit_of_work(_scope(source, "an event with two bodies")) as session:
            subject = f"webhook_source:{source.id}"
            audit.record(
                session,
                "webhook.body_changed",
                subject=subject,
                outcome="suspicious",
                details={"event": verified.provider_event_id, "type": verified.event_type},
            )
            alerts.raise_alert(
                session,
                "webhook_body_changed",
                subject=subject,
                severity="high",
                summary=f"A {source.provider} event came again, rightly signed, with another body",
                details={"event": verified.provider_event_id, "type": verified.event_type},
            )


def _scope(source: Source, reason: str) -> Scope:
    return MerchantScope(source.merchant_id) if source.merchant_id else SystemScope(reason)
