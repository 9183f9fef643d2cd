"""The application with a route that does nothing but for what the edge does with every request of the API."""

from __future__ import annotations

from callwaiting.core.http.auth import requires
from wsgi import app


@app.get("/api/bench/nothing")
@requires("alerts.read")
def nothing() -> str:
    return ""
