"""Applies the asked-for behaviours to one provider's API."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from flask import Blueprint, Response, request

from callwaiting.sandbox.context import sandbox


def inject(bp: Blueprint, provider: str, failure: Callable[[int], Response]) -> None:
    """Make the blueprint slow, failing or lossy as the behaviours say. `failure` builds the provider's error body."""

    def before() -> Response | None:
        behaviours = sandbox().behaviours
        time.sleep(behaviours.delay(provider))
        status = behaviours.take_failure(provider)
        return None if status is None else failure(status)

    def after(response: Response) -> Response:
        lost = request.method == "POST" and response.status_code < 400 and sandbox().behaviours.take_drop(provider)
        if lost and isinstance(connection := request.environ.get("werkzeug.socket"), socket.socket):
            connection.shutdown(socket.SHUT_RDWR)
        return response

    bp.before_request(before)
    bp.after_request(after)
