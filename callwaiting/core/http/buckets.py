"""Counting requests in buckets: all buckets of a request in one call to Valkey, in this process while it is away.

A bucket is a fixed window that begins with its first request, so what it says about when it is empty again is exact.
A request is counted in all of its buckets or, when one of them is full, in none: a person over the own limit does not
use up the limit of the whole team.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, cast

import redis
import structlog
from redis.exceptions import NoScriptError

from callwaiting.core import metrics

TIMEOUT_S = 0.2
RETRY_S = 1.0  # while Valkey is away, one request a second asks whether it is back
AWAY_SHARE = 2  # each process then allows this fraction of a limit: there are two of them at least
MAX_LOCAL_BUCKETS = 50_000
log = structlog.get_logger()

TAKE = """
local refused, wait = 0, -1
for i = 1, #KEYS do
  if tonumber(redis.call('GET', KEYS[i]) or 0) >= tonumber(ARGV[2 * i - 1]) then
    local left = redis.call('PTTL', KEYS[i])
    if left > wait then refused, wait = i, left end
  end
end
if refused > 0 then return {0, refused, 0, wait} end
local tightest, fewest
for i = 1, #KEYS do
  local count = redis.call('INCR', KEYS[i])
  if count == 1 then redis.call('PEXPIRE', KEYS[i], ARGV[2 * i]) end
  local remaining = ARGV[2 * i - 1] - count
  if fewest == nil or remaining < fewest then tightest, fewest = i, remaining end
end
return {1, tightest, fewest, redis.call('PTTL', KEYS[tightest])}
"""


class Bucket(NamedTuple):
    """At most `limit` requests of `who` within `window_ms`."""

    kind: str
    who: str
    limit: int
    window_ms: int

    @property
    def key(self) -> str:
        return f"cw:limit:{self.kind}:{self.who}"


class Taken(NamedTuple):
    """`bucket` is the fullest of the request's, or the full one that is the last to be emptied."""

    allowed: bool
    bucket: Bucket
    remaining: int
    reset_ms: int


class Connection(Protocol):
    """What we use of redis-py's connection, which has no types."""

    def send_command(self, *command: str | int, check_health: bool) -> None: ...
    def read_response(self) -> bytes: ...


class LocalCounts:
    """The counts of one process."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def take(self, buckets: Sequence[Bucket]) -> Taken:
        now = time.monotonic()
        with self._lock:
            if len(self._counts) > MAX_LOCAL_BUCKETS:
                self._make_room(now)
            states = [(bucket, *self._state(bucket, now)) for bucket in buckets]
            full = [(ends, bucket) for bucket, count, ends in states if count >= bucket.limit]
            if full:
                ends, bucket = max(full)
                return Taken(False, bucket, 0, int((ends - now) * 1000) + 1)
            for bucket, count, ends in states:
                self._counts[bucket.key] = (count + 1, ends)
        remaining, ends, bucket = min((bucket.limit - count - 1, ends, bucket) for bucket, count, ends in states)
        return Taken(True, bucket, remaining, int((ends - now) * 1000) + 1)

    def _state(self, bucket: Bucket, now: float) -> tuple[int, float]:
        count, ends = self._counts.get(bucket.key, (0, 0.0))
        return (count, ends) if ends > now else (0, now + bucket.window_ms / 1000)

    def _make_room(self, now: float) -> None:
        """Forget what is over; when a flood of addresses has filled all with what is not, the half that ends first."""
        alive = sorted((ends, key) for key, (_, ends) in self._counts.items() if ends > now)
        kept = alive[-MAX_LOCAL_BUCKETS // 2 :]
        self._counts = {key: self._counts[key] for _, key in kept}


class SharedCounts:
    """The counts of all processes, in Valkey: one round trip a request on a connection of the thread's own.

    `on_outage` is called in a thread of its own when Valkey is lost, once an outage.
    """

    def __init__(self, redis_url: str, on_outage: Callable[[], None]) -> None:
        self._on_outage = on_outage
        self._pool = redis.ConnectionPool.from_url(
            redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S, retry=None
        )
        self._mine = threading.local()
        self._script_sha = ""
        self._local = LocalCounts()
        self._lock = threading.Lock()
        self._away = False
        self._retry_at = 0.0

    def take(self, buckets: Sequence[Bucket]) -> Taken:
        """Count one request in all of its buckets, of which there is at least one. Never raises for want of Valkey."""
        if self._may_ask():
            try:
                allowed, place, remaining, reset_ms = self._ask(buckets)
            except (redis.RedisError, OSError) as error:
                self._lose(error)
            else:
                if self._away:
                    self._away = False
                    log.info("limiter.shared_again")
                return Taken(bool(allowed), buckets[place - 1], remaining, max(1, reset_ms))
        metrics.LIMITER_FALLBACK.inc()
        return self._local.take([bucket._replace(limit=max(1, bucket.limit // AWAY_SHARE)) for bucket in buckets])

    def _may_ask(self) -> bool:
        if not self._away:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._retry_at:
                return False
            self._retry_at = now + RETRY_S
            return True

    def _lose(self, error: Exception) -> None:
        with self._lock:
            was_away, self._away = self._away, True
            self._retry_at = time.monotonic() + RETRY_S
        if not was_away:
            log.warning("limiter.per_process", error=type(error).__name__)
            threading.Thread(target=self._on_outage, name="limiter-outage", daemon=True).start()

    def _ask(self, buckets: Sequence[Bucket]) -> list[int]:
        if not self._script_sha:
            self._script_sha = str(self._call("SCRIPT", "LOAD", TAKE), "ascii")
        arguments: list[str | int] = [len(buckets), *(bucket.key for bucket in buckets)]
        for bucket in buckets:
            arguments += (bucket.limit, bucket.window_ms)
        try:
            answer = self._call("EVALSHA", self._script_sha, *arguments)
        except NoScriptError:  # Valkey was started afresh
            answer = self._call("EVAL", TAKE, *arguments)
        return cast(list[int], answer)

    def _call(self, *command: str | int) -> bytes:
        """redis-py's own client takes 75 µs of CPU for this, its bare connection 28."""
        kept: tuple[int, Connection] | None = getattr(self._mine, "connection", None)
        if kept is not None and kept[0] == os.getpid():
            try:
                return _converse(kept[1], command)
            except redis.ConnectionError:  # closed since it was used last: Valkey may have been restarted
                pass
        connection = cast(Connection, self._pool.make_connection())
        self._mine.connection = (os.getpid(), connection)
        return _converse(connection, command)


def _converse(connection: Connection, command: Sequence[str | int]) -> bytes:
    """Whatever goes wrong, redis-py hangs up: an answer that comes late is not taken for that of the next question."""
    connection.send_command(*command, check_health=False)
    return connection.read_response()
