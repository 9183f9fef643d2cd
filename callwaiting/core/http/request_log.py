"""Every request: its id, its deadline, one log line, its metrics."""

from __future__ import annotations

import time
from contextlib import ExitStack

import structlog
from flask import Flask, Response, g, request

from callwaiting.core import deadline, metrics
from callwaiting.core.request_context import accept_request_id, current_request_id, request_id

log = structlog.get_logger()


def _begin() -> None:
    g.started = time.perf_counter()
    g.scopes = ExitStack()
    g.scopes.enter_context(request_id(accept_request_id(request.headers.get("X-Request-ID"))))
    g.scopes.enter_context(deadline.within(deadline.REQUEST_SECONDS))


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = current_request_id()
    route = request.url_rule.rule if request.url_rule else "unmatched"
    seconds = time.perf_counter() - g.started
    metrics.REQUESTS.labels(route, request.method, str(response.status_code)).inc()
    metrics.REQUEST_SECONDS.labels(route).observe(seconds)
    log.info("request", route=route, method=request.method, status=response.status_code, ms=round(seconds * 1000, 2))
    return response


def _end(_: BaseException | None) -> None:
    scopes: ExitStack | None = g.pop("scopes", None)
    if scopes:
        scopes.close()


def register(app: Flask) -> None:
    app.before_request(_begin)
    app.after_request(_finish)
    app.teardown_request(_end)
