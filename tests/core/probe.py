"""Routes that exist in tests only: they fail, wait and answer on request."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, Response, abort, jsonify, request
from sqlalchemy import text

from callwaiting.core import deadline
from callwaiting.core.errors import (
    BadRequest,
    CallwaitingError,
    Conflict,
    ErrorCode,
    FieldError,
    NotFound,
    ServiceUnavailable,
)
from callwaiting.core.http.auth import principal, public, requires, signed
from callwaiting.core.http.context import database
from callwaiting.core.tenancy import SystemScope

SECRET = "select password from customers where phone = '+14155550123'"


def _crash() -> None:
    raise RuntimeError(SECRET)


def _database_error() -> None:
    with database().unit_of_work(SystemScope("probe")) as session:
        session.execute(text("select secret_column from app.no_such_table"))


def _denied_by_the_database() -> None:
    with database().unit_of_work(SystemScope("probe")) as session:
        session.execute(text("select * from app.webhook_attempts, audit.outbox"))


def _slow_statement() -> None:
    with deadline.within(0.2), database().unit_of_work(SystemScope("probe")) as session:
        session.execute(text("select pg_sleep(5)"))


def _fail(error: Exception) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


FAILURES: dict[str, tuple[Callable[[], None], int, str]] = {
    "crash": (_crash, 500, "INTERNAL_ERROR"),
    "sql": (_database_error, 500, "INTERNAL_ERROR"),
    "denied": (_denied_by_the_database, 500, "INTERNAL_ERROR"),
    "slow": (_slow_statement, 504, "REQUEST_TIMEOUT"),
    "ours": (_fail(CallwaitingError("the detail", code=ErrorCode.BAD_GATEWAY)), 502, "BAD_GATEWAY"),
    "not-found": (_fail(NotFound("order 7 of another merchant")), 404, "NOT_FOUND"),
    "conflict": (_fail(Conflict("the detail")), 409, "CONFLICT"),
    "bad": (_fail(BadRequest("the detail")), 400, "BAD_REQUEST"),
    "busy": (_fail(ServiceUnavailable("the detail", retry_after=7)), 503, "SERVICE_UNAVAILABLE"),
    "fields": (
        _fail(CallwaitingError(code=ErrorCode.VALIDATION_FAILED, fields=[FieldError("lines.0.quantity", "too many")])),
        422,
        "VALIDATION_FAILED",
    ),
    "abort-400": (lambda: abort(400, SECRET), 400, "BAD_REQUEST"),
    "abort-401": (lambda: abort(401), 401, "AUTH_TOKEN_MISSING"),
    "abort-403": (lambda: abort(403, SECRET), 403, "FORBIDDEN"),
    "abort-409": (lambda: abort(409), 409, "CONFLICT"),
    "abort-418": (lambda: abort(418), 418, "BAD_REQUEST"),
    "abort-422": (lambda: abort(422), 422, "VALIDATION_FAILED"),
    "abort-500": (lambda: abort(500, SECRET), 500, "INTERNAL_ERROR"),
    "abort-502": (lambda: abort(502, SECRET), 502, "BAD_GATEWAY"),
    "abort-503": (lambda: abort(503), 503, "SERVICE_UNAVAILABLE"),
    "abort-504": (lambda: abort(504), 504, "REQUEST_TIMEOUT"),
}


def add_routes(app: Flask) -> None:
    """Before the first request."""
    probe = Blueprint("probe", __name__, url_prefix="/api/probe")

    @probe.get("/fail/<how>")
    @public("a probe")
    def fail(how: str) -> Response:
        FAILURES[how][0]()
        return jsonify(ok=True)

    @probe.post("/json")
    @public("a probe")
    def read_json() -> Response:
        return jsonify(request.get_json())

    @probe.post("/body")
    @public("a probe")
    def read_body() -> Response:
        return jsonify(length=len(request.get_data()))

    @probe.get("/mine")
    @requires("orders.read")
    def mine() -> Response:
        return jsonify(user=principal().user, merchant=str(principal().merchant_id), role=principal().role)

    @probe.get("/open")
    @public("a probe")
    def open_() -> Response:
        return jsonify(ok=True, address=request.remote_addr, scheme=request.scheme)

    @probe.get("/signed")
    @signed("nobody")
    def signed_() -> Response:
        return jsonify(ok=True)

    @probe.get("/forgotten")
    def forgotten() -> Response:
        return jsonify(ok=True)

    app.register_blueprint(probe)
