"""`/health`, `/health/ready` and `/metrics`; `/api/v1/health` for operators."""

from __future__ import annotations

import hmac
from typing import cast

from flask import Blueprint, Response, current_app, jsonify, request

from callwaiting.core import metrics
from callwaiting.core.errors import ErrorCode, NotFound
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import public
from callwaiting.core.http.context import database, settings
from callwaiting.features.health.providers import known
from callwaiting.features.health.schemas import DatabaseHealth, ProviderFace, SystemHealth
from callwaiting.features.health.service import database_times, readiness
from callwaiting.providers.registry import Providers

blueprint = Blueprint("health", __name__)
api = Api("system")


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


@api.get("/health", requires="health.read", answers=SystemHealth, refuses=[ErrorCode.SERVICE_UNAVAILABLE])
def system_health() -> SystemHealth:
    """Show the health of the database, of Valkey and of the providers.

    The database is asked now, the providers were asked by a job within the last minute or so.
    """
    redis_url = settings().redis_url.get_secret_value()
    state = readiness(database(), redis_url)
    return SystemHealth(
        status=state.status,
        valkey=state.valkey,
        oldest_due_event_seconds=state.oldest_due_seconds,
        database=DatabaseHealth.model_validate(database_times(database())),
        providers=[
            ProviderFace.model_validate(one)
            for one in known(cast(Providers, current_app.extensions["providers"]), redis_url)
        ],
    )
