"""Which pages of other origins may call the API, and that forms come from our own."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_cors import CORS

from callwaiting.core.http import context
from callwaiting.core.http.cookies import OriginRefused
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
        # Cookies are for signing in alone, where a page has to prove that it is ours (`cookies.require_own_page`).
        resources={r"/api/v1/auth/*": {"supports_credentials": True}, r"/api/*": {}},
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


def require_own_origin() -> None:
    """For forms whose address carries a token: it is its holder's right, yet another site must not send its visitors
    into it. Raises OriginRefused."""
    own = origin_of(context.settings().public_base_url)
    sent = request.headers.get("Origin") or origin_of(request.headers.get("Referer", ""))
    if sent.lower() != own:
        raise OriginRefused(f"the form came from {sent[:100]!r}")


def origin_of(url: str) -> str:
    """Scheme, host and port; empty for what is no URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""
