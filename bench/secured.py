"""The application with routes that do nothing but for what the edge does with requests, of the API and of others."""

from __future__ import annotations

from callwaiting.core.http.auth import requires, signed
from wsgi import app


@app.get("/api/bench/nothing")
@requires("alerts.read")
def nothing() -> str:
    return ""


@app.post("/bench/nothing")
@signed("nobody, because it does nothing: the policy of notices, which neither limiter nor token concern")
def nothing_in_flask() -> str:
    return ""
