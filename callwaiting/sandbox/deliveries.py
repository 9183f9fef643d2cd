"""Sends webhooks in the background as the providers do: signed anew at each attempt, tried again when refused."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable, Mapping

import httpx

from callwaiting.sandbox.behaviours import Behaviours
from callwaiting.sandbox.store import Row, Store, new_id

Signer = Callable[[Row, bytes], Mapping[str, str]]  # (delivery, body) -> headers

_THREADS = 8
_SHUFFLE_SECONDS = 0.4
_TABLE = "deliveries"
# Twilio tries once more, and only when no connection came about (twilio.com/docs, webhook connection overrides,
# default rc=1). Stripe and PayPal repeat whatever is not answered 2xx.
_TWILIO_ATTEMPTS = 2


class Deliverer:
    """Owns the queue of deliveries. Rows of the store, so that a restart goes on where it stopped."""

    def __init__(
        self, store: Store, behaviours: Behaviours, client: httpx.Client, signers: Mapping[str, Signer]
    ) -> None:
        self._store = store
        self._behaviours = behaviours
        self._client = client
        self._signers = signers
        self._queue: list[tuple[float, float, str]] = []
        self._wakeup = threading.Condition()
        self._closed = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for row in self._store.rows(_TABLE):
            if row["state"] == "pending":
                self._schedule(row["id"], 0.0)
        self._threads = [threading.Thread(target=self._run, daemon=True, name="delivery") for _ in range(_THREADS)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """Stop taking deliveries; those under way may end within 5 s. The rest stays pending."""
        with self._wakeup:
            self._closed = True
            self._wakeup.notify_all()
        for thread in self._threads:
            thread.join(5.0)

    def send(
        self, provider: str, url: str, event_id: str, event_type: str, body: str, signing: Row, *, delay: float = 0.0
    ) -> str:
        """Queue one webhook (as many copies as the behaviour says) and answer the id of the first copy.

        `body` is JSON for Stripe and PayPal and a form for Twilio. `delay` is in seconds.
        """
        behaviour = self._behaviours.webhooks
        ids = [new_id("dlv_", 16) for _ in range(max(1, behaviour.duplicate))]
        for delivery_id in ids:
            row = {
                "id": delivery_id,
                "provider": provider,
                "url": url,
                "event_id": event_id,
                "event_type": event_type,
                "body": body,
                "signing": dict(signing),
                "state": "withheld" if behaviour.withhold else "pending",
                "attempts": [],
            }
            self._store.put(_TABLE, delivery_id, row)
            if behaviour.withhold:
                continue
            self._schedule(delivery_id, delay + behaviour.delay_ms / 1000 + self._jitter())
        return ids[0]

    def note(self, provider: str, url: str, event_id: str, event_type: str, status: int | None, ms: float) -> None:
        """Record a request that was made and answered in the foreground (a voice turn, an incoming text)."""
        row: Row = {
            "id": new_id("dlv_", 16),
            "provider": provider,
            "url": url,
            "event_id": event_id,
            "event_type": event_type,
            "state": "delivered" if status is not None and 200 <= status < 300 else "failed",
            "attempts": [{"at": time.time(), "status": status, "ms": ms}],
        }
        self._store.put(_TABLE, row["id"], row)

    def shown(self) -> list[dict[str, object]]:
        """Every delivery, oldest first, without body and secrets."""
        return [self._face(row) for row in self._store.rows(_TABLE)]

    def wake(self) -> None:
        """Look again: the behaviours have changed."""
        with self._wakeup:
            self._wakeup.notify_all()

    def release(self) -> int:
        """Let held deliveries go (in random order if shuffled); answer how many were waiting."""
        with self._wakeup:
            self._behaviours.webhooks.hold = False
            waiting = len(self._queue)
            if self._behaviours.webhooks.shuffle:
                now = time.monotonic()
                self._queue = [(now + self._jitter(), random.random(), key) for _, _, key in self._queue]  # noqa: S311
                heapq.heapify(self._queue)
            self._wakeup.notify_all()
        return waiting

    def drop_all(self) -> None:
        with self._wakeup:
            self._queue.clear()

    def _jitter(self) -> float:
        return random.uniform(0, _SHUFFLE_SECONDS) if self._behaviours.webhooks.shuffle else 0.0  # noqa: S311

    def _schedule(self, delivery_id: str, delay: float) -> None:
        now = time.monotonic()
        with self._wakeup:
            heapq.heappush(self._queue, (now + delay, now, delivery_id))
            self._wakeup.notify()

    def _run(self) -> None:
        while (delivery_id := self._next()) is not None:
            row = self._store.get(_TABLE, delivery_id)
            if row is not None and row["state"] == "pending":
                self._attempt(row)

    def _next(self) -> str | None:
        with self._wakeup:
            while not self._closed:
                if not self._queue or self._behaviours.webhooks.hold:
                    self._wakeup.wait()
                    continue
                wait = self._queue[0][0] - time.monotonic()
                if wait <= 0:
                    return heapq.heappop(self._queue)[2]
                self._wakeup.wait(wait)
        return None

    def _attempt(self, row: Row) -> None:
        body = row["body"].encode()
        headers = self._signers[row["provider"]](row, body)
        started = time.perf_counter()
        status, error = None, ""
        try:
            status = self._client.post(row["url"], content=body, headers=dict(headers)).status_code
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = type(failure).__name__
        ms = round((time.perf_counter() - started) * 1000, 1)
        attempts = [*row["attempts"], {"at": time.time(), "status": status, "ms": ms, "error": error}]
        state = self._state_after(row["provider"], status, len(attempts))
        with self._store.transaction():
            if self._store.get(_TABLE, row["id"]) is None:
                return  # reset meanwhile
            self._store.put(_TABLE, row["id"], {**row, "attempts": attempts, "state": state})
        if state == "pending":
            self._schedule(row["id"], self._behaviours.webhooks.retry_base_ms / 1000 * 2 ** (len(attempts) - 1))

    def _state_after(self, provider: str, status: int | None, attempts: int) -> str:
        if status is not None and 200 <= status < 300:
            return "delivered"
        limit = self._behaviours.webhooks.max_attempts
        if provider == "twilio":
            limit = min(limit, _TWILIO_ATTEMPTS if status is None else 1)
        return "pending" if attempts < limit else "failed"

    @staticmethod
    def _face(row: Row) -> dict[str, object]:
        last = row["attempts"][-1] if row["attempts"] else {}
        return {
            "id": row["id"],
            "provider": row["provider"],
            "url": row["url"],
            "event_id": row["event_id"],
            "event_type": row["event_type"],
            "state": row["state"],
            "attempts": len(row["attempts"]),
            "status": last.get("status"),
            "ms": last.get("ms"),
            "at": last.get("at"),
            "statuses": [attempt["status"] for attempt in row["attempts"]],
        }
