"""The thin door: notices are answered in front of Flask, which doubles what one process can acknowledge.

It takes exactly `POST /webhooks/<provider>/<public_id>`; all else goes on to Flask. What a client sees is the same
through both: envelope, headers, request id, limits, log line and metrics (docs/adr/0012).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, cast

import orjson
import structlog
from flask import Flask
from flask_talisman import Talisman
from prometheus_client import Counter
from werkzeug.sansio.utils import host_is_trusted

from callwaiting.core import metrics
from callwaiting.core.db import Database
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.http import headers
from callwaiting.core.http.errors import envelope
from callwaiting.core.jobs import Doorbell
from callwaiting.core.request_context import accept_request_id, accept_trace_id, follow, unfollow
from callwaiting.core.settings import Settings
from callwaiting.features.webhooks.receiver import Receiver, acknowledge
from callwaiting.features.webhooks.routes import RULE
from callwaiting.features.webhooks.sources import CONTENT_TYPES, PREFIX
from callwaiting.providers.registry import Providers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Headers = list[tuple[str, str]]
STATUS_LINES = {
    204: "204 No Content",
    400: "400 Bad Request",
    404: "404 Not Found",
    411: "411 Length Required",
    413: "413 Content Too Large",
    415: "415 Unsupported Media Type",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
}
REQUEST_SECONDS = metrics.REQUEST_SECONDS.labels(RULE)
log = structlog.get_logger()


def install(app: Flask, settings: Settings) -> None:
    """Make the app's receiver and put the door in front of the app."""
    providers, doorbell = cast(Providers, app.extensions["providers"]), cast(Doorbell, app.extensions["doorbell"])
    receiver = Receiver(
        cast(Database, app.extensions["database"]),
        settings.redis_url.get_secret_value(),
        providers.certificates,
        doorbell,
    )
    app.extensions["webhooks"] = receiver
    app.wsgi_app = Door(app.wsgi_app, receiver, settings)  # type: ignore[method-assign]


class Door:
    """A WSGI application around the Flask one."""

    def __init__(self, app: WSGIApplication, receiver: Receiver, settings: Settings) -> None:
        self.behind = app
        self._receiver = receiver
        self._log: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind()  # bound once: it costs 2 µs
        self._trusted_hosts = settings.trusted_hosts
        self._security = {scheme: security_headers(settings, scheme) for scheme in ("http", "https")}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        parts = environ["PATH_INFO"].split("/")
        if (
            len(parts) != 4
            or parts[1] != PREFIX[1:]
            or parts[2] not in CONTENT_TYPES
            or not parts[3]
            or environ["REQUEST_METHOD"] != "POST"
            or (self._trusted_hosts and not _trusted(environ.get("HTTP_HOST", ""), tuple(self._trusted_hosts)))
        ):
            return self.behind(environ, start_response)
        started = time.perf_counter()
        accepted = accept_request_id(environ.get("HTTP_X_REQUEST_ID"))
        answer: Headers = [("X-Request-ID", accepted)]
        tokens = follow(accepted, accept_trace_id(environ.get("HTTP_TRACEPARENT")))
        try:
            acknowledge(self._receiver, environ, parts[2], parts[3])
            status, reason, body = 204, "", b""
        except Exception as error:
            status, reason, body = _refuse(error, answer)
        seconds = time.perf_counter() - started
        self._log_answer(status, reason, seconds)
        unfollow(tokens)
        _requests(status).inc()
        REQUEST_SECONDS.observe(seconds)
        start_response(STATUS_LINES[status], answer + self._security[_scheme(environ)])
        return [body]

    def _log_answer(self, status: int, reason: str, seconds: float) -> None:
        level = logging.ERROR if status >= 500 else logging.INFO
        if self._log.is_enabled_for(level):
            why = {"reason": reason} if reason else {}
            ms = round(seconds * 1000, 2)
            self._log.log(level, "request", route=RULE, method="POST", status=status, ms=ms, **why)


def _refuse(error: Exception, answer: Headers) -> tuple[int, str, bytes]:
    """Status, internal reason and envelope; adds the headers that go with them."""
    if not isinstance(error, CallwaitingError):
        log.error("request.crashed", error=type(error).__name__, exc_info=error)
        error = CallwaitingError()
    elif error.face.status >= 500:
        log.error("request.failed", reason=error.reason, detail=error.detail, exc_info=error.__cause__)
    body = orjson.dumps(envelope(error))
    answer += [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
    ]
    if error.retry_after is not None:
        answer.append(("Retry-After", str(error.retry_after)))
    return error.face.status, error.reason, body


def security_headers(settings: Settings, scheme: str) -> Headers:
    """What the Flask side adds to every answer, learned once from an app that does nothing else."""
    bare = Flask("headers", static_folder=None)
    headers.configure(bare, Talisman(), settings)
    with bare.test_request_context(base_url=f"{scheme}://localhost"):
        response = bare.process_response(bare.response_class(status=204))
    return [(name, value) for name, value in response.headers.items() if name not in {"Content-Type", "Content-Length"}]


def _scheme(environ: WSGIEnvironment) -> str:
    """As Talisman judges it, for Strict-Transport-Security."""
    if "https" in (environ["wsgi.url_scheme"], environ.get("HTTP_X_FORWARDED_PROTO")):
        return "https"
    return "http"


@lru_cache(maxsize=64)
def _trusted(host: str, trusted: tuple[str, ...]) -> bool:
    return host_is_trusted(host, trusted)


@lru_cache(maxsize=len(STATUS_LINES))
def _requests(status: int) -> Counter:
    return metrics.REQUESTS.labels(RULE, "POST", str(status))
