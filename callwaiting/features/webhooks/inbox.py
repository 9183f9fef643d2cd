"""The inbox: a verified event is stored for good before its sender hears 2xx.

One thread per process commits. It takes whatever waits, without waiting for more, and stores it by one statement:
under load many requests share one commit, and a lone request waits for nobody.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from typing import Literal

import psycopg
import structlog
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled, SerializationFailure

from callwaiting.core import metrics
from callwaiting.core.errors import CallwaitingError, ErrorCode, ServiceUnavailable
from callwaiting.features.webhooks.inbox_connection import InboxConnection
from callwaiting.features.webhooks.inbox_rows import Batch, Outcome, Row, make_row
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.ports import SignedRequest, VerifiedEvent

MAX_BATCH = 200
WAIT_S = 3.0  # statements end after 2 s by the role's own setting, see migrations/roles.sql
log = structlog.get_logger()


class NotStorable(CallwaitingError):
    """The database refuses these values, and always will."""

    code = ErrorCode.WEBHOOK_PAYLOAD_INVALID
    reason = "webhooks.not_storable"


class Inbox:
    """Stores events as the role behind `url`. `after_commit` is called after each batch; `body_changed` when an event
    came again with other bytes. Both must return at once."""

    def __init__(
        self,
        url: str,
        *,
        after_commit: Callable[[], None],
        body_changed: Callable[[Source, VerifiedEvent], None],
    ) -> None:
        self._url = url
        self._after_commit = after_commit
        self._body_changed = body_changed
        self._starting = threading.Lock()
        self._pid = 0
        self._waiting: queue.SimpleQueue[Row | None] = queue.SimpleQueue()

    def receive(
        self,
        verified: VerifiedEvent,
        request: SignedRequest,
        source: Source,
        origin: Literal["webhook", "reconcile"] = "webhook",
    ) -> Outcome:
        """Store the event; returns when it is durable. `repeated`: its key was there before, and is counted.

        Raises ServiceUnavailable when it is not known to be stored (it may be), NotStorable when it cannot be.
        """
        row = make_row(verified, request, source, origin)
        if self._pid != os.getpid():
            self._start()
        self._waiting.put(row)
        if not row.answered.acquire(timeout=WAIT_S):
            raise ServiceUnavailable("the commit takes too long", reason="webhooks.commit_slow")
        if row.outcome is None:
            raise row.failure or ServiceUnavailable("not stored", reason="webhooks.not_stored")
        if row.body_changed:
            self._body_changed(source, verified)
        return row.outcome

    def close(self) -> None:
        """Let the thread end, after whatever waits."""
        self._waiting.put(None)

    def _start(self) -> None:
        """A forked child has its parent's memory but not its thread: it begins anew with an empty queue."""
        with self._starting:
            if self._pid == os.getpid():
                return
            self._waiting = queue.SimpleQueue()
            threading.Thread(target=_Committer(self._waiting, self._url, self._after_commit).run, daemon=True).start()
            self._pid = os.getpid()


class _Committer:
    """Runs in its own thread, which owns the connection."""

    def __init__(self, waiting: queue.SimpleQueue[Row | None], url: str, after_commit: Callable[[], None]) -> None:
        self._waiting = waiting
        self._url = url
        self._after_commit = after_commit
        self._connection: InboxConnection | None = None

    def run(self) -> None:
        while (first := self._waiting.get()) is not None:
            rows = [first]
            try:
                while len(rows) < MAX_BATCH:
                    row = self._waiting.get_nowait()
                    if row is None:
                        self._waiting.put(None)
                        break
                    rows.append(row)
            except queue.Empty:
                pass
            self._settle(rows)
        self._disconnect()

    def _settle(self, rows: list[Row]) -> None:
        """Store the rows and answer every one of them, whatever happens."""
        try:
            self._store(Batch(rows))
        except Exception as error:  # the thread must live on: its next batch may go well
            log.error("inbox.crashed", error=type(error).__name__, exc_info=error)
        finally:
            for row in rows:
                row.answered.release()
        self._after_commit()

    def _store(self, batch: Batch, *, again: bool = True) -> None:
        try:
            values = batch.values()
            self._connection = self._connection or InboxConnection(self._url)
            batch.stored(self._connection.store(*values))
            metrics.ACK_BATCH.observe(len(batch.groups))
        except (DeadlockDetected, SerializationFailure) as error:
            if again:
                self._store(batch, again=False)
            else:
                self._refuse(batch, error)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            if isinstance(error, LockNotAvailable) and len(batch.groups) > 1:
                self._store_halves(batch)
                return
            self._refuse(batch, error)
            if not isinstance(error, LockNotAvailable | QueryCanceled):
                self._disconnect()
        except (psycopg.Error, TypeError) as error:  # orjson refuses text that is not Unicode with a TypeError
            if len(batch.groups) > 1:
                self._store_halves(batch)
            else:
                self._refuse(batch, error)

    def _refuse(self, batch: Batch, error: Exception) -> None:
        name = type(error).__name__
        log.warning("inbox.not_stored", error=name, rows=len(batch.groups))
        if isinstance(error, psycopg.DataError | TypeError):
            batch.fail(lambda: NotStorable(name))
        else:
            batch.fail(lambda: ServiceUnavailable(name, reason="webhooks.not_stored"))

    def _store_halves(self, batch: Batch) -> None:
        """Find the row that spoils the batch: the others shall not suffer."""
        for half in batch.halves():
            self._store(half)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
