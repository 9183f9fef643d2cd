"""Every request: its id, its deadline, one log line, its metrics."""

from __future__ import annotations

import time
from functools import lru_cache

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Counter, Histogram

from callwaiting.core import deadline, metrics
from callwaiting.core.request_context import (
    accept_request_id,
    accept_trace_id,
    current_request_id,
    follow,
    unfollow,
)

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
log = structlog.get_logger()


def register(app: Flask, *, seconds: float) -> None:
    """A request has `seconds` until its answer is on its way."""

    def begin() -> None:
        sent = request.headers
        g.started = time.perf_counter()
        g.following = follow(accept_request_id(sent.get("X-Request-ID")), accept_trace_id(sent.get("traceparent")))
        g.until = deadline.begin(seconds)

    app.before_request(begin)
    app.after_request(_finish)
    app.teardown_request(_end)


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = current_request_id()
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.method in METHODS else "other"
    status = response.status_code
    taken = time.perf_counter() - g.started
    _requests(route, method, status).inc()
    _request_seconds(route).observe(taken)
    log.info("request", route=route, method=method, status=status, ms=round(taken * 1000, 2))
    return response


def _end(_: BaseException | None) -> None:
    if "until" in g:
        deadline.end(g.pop("until"))
        unfollow(g.pop("following"))


@lru_cache(maxsize=2048)
def _requests(route: str, method: str, status: int) -> Counter:
    return metrics.REQUESTS.labels(route, method, str(status))


@lru_cache(maxsize=512)
def _request_seconds(route: str) -> Histogram:
    return metrics.REQUEST_SECONDS.labels(route)
