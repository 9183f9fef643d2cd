"""`/health`, `/health/ready` and `/metrics`."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, jsonify, request

from callwaiting.core import metrics
from callwaiting.core.errors import NotFound
from callwaiting.core.http.auth import public
from callwaiting.core.http.context import database, settings
from callwaiting.features.health.service import readiness

blueprint = Blueprint("health", __name__)


@blueprint.get("/health")
@public("a load balancer asks whether the process lives; it learns nothing else")
def alive() -> Response:
    return jsonify(status="alive")


@blueprint.get("/health/ready")
@public("a load balancer asks whether to send requests here; no names, no versions")
def ready() -> tuple[Response, int]:
    """200 while events can be stored, else 503. `degraded` means that work is late or hints are lost."""
    state = readiness(database(), settings().redis_url.get_secret_value())
    body = {
        "status": state.status,
        "database": state.database,
        "valkey": state.valkey,
        "oldest_due_event_seconds": state.oldest_due_seconds,
    }
    return jsonify(body), 200 if state.ready else 503


@blueprint.get("/metrics")
@public("scraped with its own bearer token, or from this machine when none is set")
def scrape() -> Response:
    """Prometheus metrics. Anybody else finds nothing here."""
    token = settings().metrics_token
    if token is None:
        allowed = request.remote_addr in {"127.0.0.1", "::1"}
    else:
        offered = request.headers.get("Authorization", "").encode()
        allowed = hmac.compare_digest(offered, b"Bearer " + token.get_secret_value().encode())
    if not allowed:
        raise NotFound
    body, content_type = metrics.exposition(settings().prometheus_multiproc_dir)
    return Response(body, content_type=content_type)
