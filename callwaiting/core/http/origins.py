"""Which pages of other origins may call the API."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_cors import CORS

from callwaiting.core.settings import Settings

ALLOWED_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "X-CSRF-Token", "X-Request-ID"]
EXPOSED_HEADERS = [
    "X-Request-ID", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset",
    "ETag", "Idempotent-Replayed",
]  # fmt: skip


def configure(app: Flask, cors: CORS, settings: Settings) -> None:
    """Literal origins from configuration: an origin with `*` in it would be read as a regular expression."""
    cors.init_app(
        app,
        origins=settings.cors_origins,
        resources=r"/api/*",
        methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        max_age=600,
        always_send=False,
        vary_header=True,
        intercept_exceptions=False,  # what our error handlers answer passes the hook like any other answer
    )
    decide = app.after_request_funcs[None].pop()

    @app.after_request
    def decide_if_asked(response: Response) -> Response:
        """Without an origin there is nothing to decide; Flask-CORS would match the path first."""
        return app.ensure_sync(decide)(response) if "HTTP_ORIGIN" in request.environ else response
