"""Providers as their receivers know them: copies, any order, and tries until somebody answers 2xx."""

from __future__ import annotations

import heapq
import http.client
import random
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.factories.webhooks import Delivery

THREADS = 8
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 2.0


@dataclass(frozen=True)
class Event:
    """One event of a provider. `key` is what its row is known by; `sign` makes the request, anew for each try."""

    key: str
    sign: Callable[[], Delivery] = field(repr=False)


@dataclass(frozen=True, order=True)
class _Try:
    due: float
    number: int
    event: Event = field(compare=False)
    tries: int = field(compare=False, default=0)


class Sender:
    """Sends from several threads. `acknowledged` counts the 2xx by key; `refused` the 4xx."""

    def __init__(self, port: int, seed: int) -> None:
        self.acknowledged: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self.tries = 0
        self._port = port
        self._random = random.Random(seed)
        self._waiting: list[_Try] = []
        self._open = 0
        self._number = 0
        self._closed = False
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._run, name=f"sender-{n}") for n in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def send(self, events: Iterable[Event], *, within_s: float = 0.0) -> None:
        """Deliver each event once, at some moment within so many seconds. One that stands in the list twice has a
        copy."""
        with self._changed:
            now = time.monotonic()
            for event in events:
                self._push(event, now + self._random.uniform(0, within_s), 0)
                self._open += 1
            self._changed.notify_all()

    @property
    def open(self) -> int:
        """How many deliveries have not been answered for good."""
        with self._changed:
            return self._open

    def close(self) -> None:
        """Give up what is not delivered."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _push(self, event: Event, due: float, tries: int) -> None:
        self._number += 1
        heapq.heappush(self._waiting, _Try(due, self._number, event, tries))

    def _run(self) -> None:
        while (attempt := self._next()) is not None:
            status = self._post(attempt.event.sign())
            with self._changed:
                self.tries += 1
                counts = self.acknowledged if 200 <= status < 300 else self.refused
                if 200 <= status < 500:
                    counts[attempt.event.key] = counts.get(attempt.event.key, 0) + 1
                    self._open -= 1
                else:
                    wait = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt.tries) * self._random.uniform(0.5, 1.0)
                    self._push(attempt.event, time.monotonic() + wait, attempt.tries + 1)
                self._changed.notify_all()

    def _next(self) -> _Try | None:
        with self._changed:
            while not self._closed:
                wait = self._waiting[0].due - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._waiting)
                self._changed.wait(wait)
        return None

    def _post(self, delivery: Delivery) -> int:
        """The status, or 0 when there was no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request("POST", delivery.path, delivery.body, delivery.headers)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()
