"""Flask without what this application has no use for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import NullSession, SessionInterface


class NoSessions(SessionInterface):
    """Nothing is kept in Flask's signed cookie, so it is neither read nor written."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return NullSession()

    def save_session(self, *_: object) -> None:
        """There is nothing to save."""


class Application(Flask):
    """Every view and hook is a plain function: Flask would ask each of them, at each request, whether it is async."""

    session_interface = NoSessions()

    def __init__(self, import_name: str) -> None:
        super().__init__(import_name, static_folder=None)
        # A path with two slashes would be redirected, to an address that is built from the Host header.
        self.url_map.merge_slashes = False

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func
