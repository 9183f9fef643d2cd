"""Rate limits in Redis, shared by all processes; per process while Redis is away, never none."""

from __future__ import annotations

import math
import time

from flask import Flask, Response, request
from flask_limiter import Limiter
from flask_limiter.errors import RateLimitExceeded as LimitHit
from limits.storage import MemoryStorage

from callwaiting.core import metrics
from callwaiting.core.errors import CallwaitingError, ErrorCode
from callwaiting.core.http.auth import policy_of
from callwaiting.core.http.errors import answer
from callwaiting.core.http.limits import client_network
from callwaiting.core.settings import Settings

EXTENSION = "callwaiting.limiter"


class RateLimitExceeded(CallwaitingError):
    code = ErrorCode.RATE_LIMIT_EXCEEDED
    reason = "http.rate_limit_exceeded"


def _own_budget() -> bool:
    """Health checks and signed requests are not counted against an address: a provider has few of them."""
    if request.endpoint is None:
        return False
    policy = policy_of(request.endpoint)
    return policy is not None and (policy.kind == "signed" or request.endpoint.startswith("health."))


def _identify_request() -> str:
    """Without a name Flask-Limiter would not count a request that matches no route."""
    return request.endpoint or "unmatched"


def configure(app: Flask, settings: Settings) -> None:
    """One bucket an address over all routes, answered by our own 429."""
    seconds = settings.rate_limit_window_ms // 1000
    per_address = f"{settings.rate_limit_max_requests} per {seconds} second"
    app.config.update(
        RATELIMIT_STORAGE_URI=settings.redis_url.get_secret_value(),
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 0.2, "socket_timeout": 0.2},
        RATELIMIT_STRATEGY="fixed-window",
        RATELIMIT_APPLICATION=per_address,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        RATELIMIT_IN_MEMORY_FALLBACK=per_address,
        RATELIMIT_HEADERS_ENABLED=False,
        RATELIMIT_KEY_PREFIX="cw",
    )
    limiter = Limiter(key_func=client_network, request_identifier=_identify_request)
    limiter.request_filter(_own_budget)
    limiter.init_app(app)
    app.extensions[EXTENSION] = limiter

    @app.errorhandler(LimitHit)
    def exceeded(_: LimitHit) -> Response:
        metrics.RATE_LIMITED.labels("address").inc()
        hit = limiter.current_limit
        wait = min(max(1, math.ceil(hit.reset_at - time.time())), seconds) if hit else seconds
        response = answer(RateLimitExceeded(retry_after=wait))
        response.headers["RateLimit-Limit"] = str(settings.rate_limit_max_requests)
        response.headers["RateLimit-Remaining"] = "0"
        response.headers["RateLimit-Reset"] = str(wait)
        return response

    @app.after_request
    def count_fallback(response: Response) -> Response:
        if isinstance(limiter.limiter.storage, MemoryStorage):
            metrics.LIMITER_FALLBACK.inc()
        return response
