"""Rate limits: who a request counts for, and what it hears when that is too much.

Flask-Limiter asks one application-wide limit, whose storage and strategy are ours: they count all buckets of a request
in one call to Valkey (docs/adr/0017-limits-by-one-call.md). Numbers are per window (RATE_LIMIT_WINDOW_MS).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, g, request
from flask_limiter import ApplicationLimit, Limiter
from flask_limiter.errors import RateLimitExceeded as LimitHit
from limits import RateLimitItem
from limits.storage import RedisStorage
from limits.strategies import STRATEGIES, FixedWindowRateLimiter
from limits.util import WindowStats

from callwaiting.core import metrics
from callwaiting.core.errors import CallwaitingError, ErrorCode
from callwaiting.core.http.auth import Principal, policy_of
from callwaiting.core.http.buckets import Bucket, SharedCounts, Taken
from callwaiting.core.http.errors import answer
from callwaiting.core.http.limits import client_network
from callwaiting.core.settings import Settings

EXTENSION = "callwaiting.limiter"
SCHEME = "buckets+"
STRATEGY = "buckets"


class RateLimitExceeded(CallwaitingError):
    code = ErrorCode.RATE_LIMIT_EXCEEDED
    reason = "http.rate_limit_exceeded"


class BucketStorage(RedisStorage):
    """Flask-Limiter's storage of the scheme `buckets+redis`."""

    STORAGE_SCHEME = [SCHEME + "redis", SCHEME + "rediss"]  # noqa: RUF012 - the base class declares a list

    def __init__(self, uri: str, wrap_exceptions: bool = False) -> None:
        redis_url = uri.removeprefix(SCHEME)
        super().__init__(redis_url, wrap_exceptions=wrap_exceptions)
        self.counts = SharedCounts(redis_url)


class BucketStrategy(FixedWindowRateLimiter):
    """Flask-Limiter's strategy of the name `buckets`: the buckets are the request's own, whatever the limit says."""

    storage: BucketStorage

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        taken: Taken = self.storage.counts.take(g.buckets)
        g.taken = taken
        if not taken.allowed:
            metrics.RATE_LIMITED.labels(taken.bucket.kind).inc()
        return taken.allowed

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        taken: Taken = g.taken
        return WindowStats(time.time() + taken.reset_ms / 1000, taken.remaining)


STRATEGIES[STRATEGY] = BucketStrategy


class OneLimit(ApplicationLimit):
    """An application limit whose text is parsed once, not at every request."""

    def __iter__(self) -> Iterator[object]:  # type: ignore[override]  # yields a type that the library keeps private
        if not hasattr(self, "_parsed"):
            self._parsed = list(super().__iter__())
        return iter(self._parsed)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Requests per window: of an address nobody has signed in at, of a person or API key, of a whole merchant."""

    window_ms: int
    address: int
    person: int
    merchant: int

    def buckets(self) -> list[Bucket]:
        """Those that the current request counts in. One with a token that is not valid counts for its address."""
        who: Principal | None = g.get("principal")
        if who is not None:
            mine = [self._bucket("person", who.user, self.person)]
            if who.merchant_id is not None:
                mine.append(self._bucket("merchant", who.merchant_id.hex, self.merchant))
            return mine
        if (request.endpoint or "").startswith("health."):
            return [self._bucket("health", client_network(), self.merchant)]
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            # A browser asks once an address and cannot bring its user's token: a busy page would be locked out.
            return [self._bucket("preflight", client_network(), self.merchant)]
        return [self._bucket("address", client_network(), self.address)]

    def _bucket(self, kind: str, who: str, limit: int) -> Bucket:
        return Bucket(kind, who, limit, self.window_ms)


def configure(app: Flask, settings: Settings, *, on_outage: Callable[[], None]) -> None:
    """Count every request but signed ones, and answer what is too much by our own 429.

    `on_outage` is called outside of any request when Valkey is lost.
    """
    numbers = Numbers(
        settings.rate_limit_window_ms,
        settings.rate_limit_max_requests,
        settings.rate_limit_person_max_requests,
        settings.rate_limit_merchant_max_requests,
    )

    def name_buckets() -> str:
        g.buckets = numbers.buckets()
        return "the request's own"

    app.config.update(
        RATELIMIT_STORAGE_URI=SCHEME + settings.redis_url.get_secret_value(),
        RATELIMIT_STRATEGY=STRATEGY,
        RATELIMIT_HEADERS_ENABLED=False,
    )
    limiter = Limiter(
        key_func=name_buckets,
        # The numbers are the buckets'; Flask-Limiter wants a limit of its own to ask at all.
        application_limits=[OneLimit("1 per second")],
        # Without a name Flask-Limiter would not count a request that matches no route.
        request_identifier=lambda: request.endpoint or "unmatched",
    )
    limiter.request_filter(_proves_itself)
    limiter.init_app(app)
    cast(BucketStorage, limiter.storage).counts.on_outage = on_outage
    app.extensions[EXTENSION] = limiter
    app.register_error_handler(LimitHit, _exceeded)
    app.after_request(_tell)


def retry_after_s() -> int:
    """Seconds until the full bucket of the refused request is empty again, at least 1."""
    taken: Taken = g.taken
    return max(1, math.ceil(taken.reset_ms / 1000))


def _proves_itself() -> bool:
    """Signed requests are not counted against an address: a provider has few of them and sends many."""
    policy = policy_of(request.endpoint) if request.endpoint else None
    return policy is not None and policy.kind == "signed"


def _exceeded(_: LimitHit) -> Response:
    return answer(RateLimitExceeded(retry_after=retry_after_s()))


def _tell(response: Response) -> Response:
    """What is left, as draft-ietf-httpapi-ratelimit-headers-03 has it; Reset is in seconds."""
    taken: Taken | None = g.get("taken")
    if taken is not None:
        response.headers["RateLimit-Limit"] = str(taken.bucket.limit)
        response.headers["RateLimit-Remaining"] = str(taken.remaining)
        response.headers["RateLimit-Reset"] = str(retry_after_s())
    return response
