"""Flask without what this application has no use for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, Request, Response
from flask.sessions import NullSession, SessionInterface

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

BODILESS = frozenset({204, 304})


class NoSessions(SessionInterface):
    """Nothing is kept in Flask's signed cookie, so it is neither read nor written."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return NullSession()

    def save_session(self, *_: object) -> None:
        """There is nothing to save."""


class Answer(Response):
    """Most answers are JSON that is made and has no address in it: Werkzeug would copy and search their headers."""

    def get_wsgi_response(self, environ: WSGIEnvironment) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """As Werkzeug's: parts, status and headers, with the body's length."""
        body = self.response
        plain = type(body) is list and self.status_code >= 200 and self.status_code not in BODILESS
        if not plain or environ["REQUEST_METHOD"] == "HEAD" or "Location" in self.headers or self._on_close:
            return super().get_wsgi_response(environ)
        parts = [part.encode() if isinstance(part, str) else part for part in body]
        headers = list(self.headers)
        if "Content-Length" not in self.headers:
            headers.append(("Content-Length", str(sum(map(len, parts)))))
        return parts, self.status, headers


class Application(Flask):
    """Every view and hook is a plain function: Flask would ask each of them, at each request, whether it is async."""

    session_interface = NoSessions()
    response_class = Answer

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name, static_folder=None)
        # A path with two slashes would be redirected, to an address that is built from the Host header.
        self.url_map.merge_slashes = False

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
