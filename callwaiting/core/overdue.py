"""Connections that are held longer than their request or job may take are cut off.

Postgres ends what takes too long by its own timeouts, and the network what is no longer acknowledged. Neither helps
against a server that is there and does nothing: a disk that hangs, a machine that was halted. libpq waits for it for
ever, and with it the thread. So somebody else looks at the clock, and shuts the connection's socket; who waits at it
hears of a lost connection, after its deadline, and answers 504.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import weakref
from typing import Any

import psycopg2
from sqlalchemy import Engine, event

from callwaiting.core import deadline

LOOK_SECONDS = 0.25
GRACE_SECONDS = 0.25  # Postgres, which knows the same deadline, speaks first when it can
IDLE_LOOKS = 20  # then the thread ends; it starts again with the next connection that is held


class Overdue:
    """Watches the connections of the engines that it is given, from a thread that lives while some are held."""

    def __init__(self) -> None:
        self._begin()
        again = weakref.WeakMethod(self._begin)
        # A fork takes the lock along as it is, but no thread.
        os.register_at_fork(after_in_child=lambda: (begin := again()) and begin())

    def _begin(self) -> None:
        self._held: dict[int, tuple[Any, float]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def watch(self, engine: Engine) -> None:
        """Until the engine is forgotten."""
        event.listen(engine, "checkout", self._lent)
        event.listen(engine, "checkin", self._returned)

    def _lent(self, connection: Any, record: object, _proxy: object) -> None:
        left = deadline.left()
        if left is None:
            return
        with self._lock:
            self._held[id(record)] = (connection, time.monotonic() + left + GRACE_SECONDS)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="overdue", daemon=True)
                self._thread.start()

    def _returned(self, _connection: object, record: object) -> None:
        with self._lock:
            self._held.pop(id(record), None)

    def _look(self) -> None:
        idle = 0
        while True:
            time.sleep(LOOK_SECONDS)
            now = time.monotonic()
            with self._lock:  # nobody returns one meanwhile, so that nobody else's is cut off
                idle = 0 if self._held else idle + 1
                if idle == IDLE_LOOKS:
                    self._thread = None
                    return
                overdue = [key for key, (_, until) in self._held.items() if until < now]
                for key in overdue:
                    _cut_off(self._held.pop(key)[0])


def _cut_off(connection: Any) -> None:
    """The thread that waits at it reads the end of the stream. Closing is left to that thread."""
    try:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
    except (OSError, psycopg2.Error):
        return  # it is lost already
