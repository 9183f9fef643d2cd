"""PayPal's API: tokens, Orders v2, captures and refunds, the list of webhook events, certificates."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, ParamSpec
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from callwaiting.sandbox import paypal_events as events
from callwaiting.sandbox import paypal_orders as orders
from callwaiting.sandbox import paypal_refunds
from callwaiting.sandbox.context import fingerprint, sandbox
from callwaiting.sandbox.faults import inject
from callwaiting.sandbox.paypal_orders import PayPalRefusal
from callwaiting.sandbox.store import Row, new_id

bp = Blueprint("paypal", __name__, url_prefix="/paypal")

P = ParamSpec("P")
_TOKEN_SECONDS = 32400  # PayPal's access tokens live nine hours


def _problem(status: int, name: str, message: str, details: list[dict[str, str]] | None = None) -> Response:
    answer = jsonify(
        {"name": name, "message": message, "debug_id": new_id("", 13), "details": details or [], "links": []}
    )
    answer.status_code = status
    return answer


inject(bp, "paypal", lambda status: _problem(status, "INTERNAL_SERVER_ERROR", "Injected failure"))


@bp.errorhandler(PayPalRefusal)
def _refused(error: PayPalRefusal) -> Response:
    detail = {"issue": error.issue, "description": error.description, "field": error.field}
    texts = {
        400: "Request is not well-formed, syntactically incorrect, or violates schema.",
        404: "The specified resource does not exist.",
        422: "The requested action could not be performed, semantically incorrect, or failed business validation.",
    }
    details = [{name: text for name, text in detail.items() if text}]
    return _problem(error.status, error.name, texts.get(error.status, error.description), details)


@bp.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    name = "RESOURCE_NOT_FOUND" if error.code == 404 else "INVALID_REQUEST"
    return _problem(error.code or 500, name, error.name)


@bp.before_request
def _authenticate() -> Response | None:
    open_to_all = {"paypal.token", "paypal.certificate"}
    if request.endpoint in open_to_all:
        return None
    expiry, _, seal = request.headers.get("Authorization", "").removeprefix("Bearer A21AA").partition(".")
    known = sandbox().config.paypal.client_secret != "" and hmac.compare_digest(seal.encode(), _seal(expiry).encode())
    if known and int(expiry) > time.time():
        return None
    answer = jsonify({"error": "invalid_token", "error_description": "Token signature verification failed"})
    answer.status_code = 401
    return answer


@bp.post("/v1/oauth2/token")
def token() -> Response:
    """An access token for the client's id and secret. It is sealed rather than kept, so it outlives a restart."""
    account, given = sandbox().config.paypal, request.authorization
    known = (
        given is not None
        and account.client_secret != ""
        and given.username == account.client_id
        and hmac.compare_digest((given.password or "").encode(), account.client_secret.encode())
    )
    if not known or request.form.get("grant_type") != "client_credentials":
        error = "unsupported_grant_type" if known else "invalid_client"
        answer = jsonify({"error": error, "error_description": "Client Authentication failed"})
        answer.status_code = 400 if known else 401
        return answer
    expiry = str(int(time.time()) + _TOKEN_SECONDS)
    return jsonify(
        {
            "scope": "https://uri.paypal.com/services/payments/payment",
            "access_token": f"A21AA{expiry}.{_seal(expiry)}",
            "token_type": "Bearer",
            "app_id": "APP-SANDBOX",
            "expires_in": _TOKEN_SECONDS,
            "nonce": new_id("", 32),
        }
    )


def _effect(kind: str) -> Callable[[Callable[P, tuple[Row, int]]], Callable[P, Response]]:
    """Make a view an effect: one transaction, counted. A repeated PayPal-Request-Id gets the kept answer with 200
    (developer.paypal.com/api/rest/reference/idempotency)."""

    def decorate(view: Callable[P, tuple[Row, int]]) -> Callable[P, Response]:
        @functools.wraps(view)
        def wrapped(*args: P.args, **kwargs: P.kwargs) -> Response:
            here = sandbox()
            key = request.headers.get("PayPal-Request-Id", "")
            sent = fingerprint(request.path, request.get_data(as_text=True))
            with here.store.transaction():
                kept = here.store.get("paypal.answers", f"{kind}:{key}") if key else None
                if kept is not None:
                    here.record_effect("paypal", kind, key, took_effect=False)
                    if kept["sent"] != sent:
                        raise orders.unprocessable("DUPLICATE_REQUEST_ID", "The request id was used before.")
                    return jsonify(json.loads(kept["body"]))
                try:
                    body, status = view(*args, **kwargs)
                except PayPalRefusal:
                    here.record_effect("paypal", kind, key or sent, took_effect=False)
                    raise
                answer = jsonify(body)
                answer.status_code = status
                here.record_effect("paypal", kind, key or sent, took_effect=True)
                if key:
                    row = {"sent": sent, "body": answer.get_data(as_text=True)}
                    here.store.put("paypal.answers", f"{kind}:{key}", row)
                return answer

        return wrapped

    return decorate


@bp.post("/v2/checkout/orders")
@_effect("order")
def create_order() -> tuple[Row, int]:
    return orders.create(sandbox(), _json())["order"], 201


@bp.get("/v2/checkout/orders/<order_id>")
def show_order(order_id: str) -> Response:
    """The order with its captures and refunds as they stand."""
    return jsonify(orders.shown(sandbox(), _found("paypal.orders", order_id)["order"]))


@bp.post("/v2/checkout/orders/<order_id>/capture")
@_effect("capture")
def capture_order(order_id: str) -> tuple[Row, int]:
    return orders.capture(sandbox(), _found("paypal.orders", order_id)), 201


@bp.get("/v2/payments/captures/<capture_id>")
def show_capture(capture_id: str) -> Response:
    return jsonify(_found("paypal.captures", capture_id))


@bp.post("/v2/payments/captures/<capture_id>/refund")
@_effect("refund")
def refund_capture(capture_id: str) -> tuple[Row, int]:
    return paypal_refunds.create(sandbox(), _found("paypal.captures", capture_id), _json()), 201


@bp.get("/v2/payments/refunds/<refund_id>")
def show_refund(refund_id: str) -> Response:
    return jsonify(_found("paypal.refunds", refund_id)["refund"])


@bp.get("/v1/notifications/webhooks-events")
def list_events() -> Response:
    """Events of a period, newest first, by pages that `links` lead through."""
    start, end = _moment("start_time"), _moment("end_time")
    kind = request.args.get("event_type")
    found = [
        event
        for event in sandbox().store.rows("paypal.events")[::-1]
        if (start is None or datetime.fromisoformat(event["create_time"]) >= start)
        and (end is None or datetime.fromisoformat(event["create_time"]) <= end)
        and (not kind or event["event_type"] == kind)
    ]
    size = min(max(request.args.get("page_size", 10, type=int), 1), 300)
    first = max(request.args.get("next_page_token", 0, type=int), 0)
    kept = [(name, value) for name, value in request.args.items(multi=True) if name != "next_page_token"]
    base = f"{sandbox().config.public_base_url}{request.path}"
    links = [{"href": f"{base}?{urlencode([*kept, ('next_page_token', first)])}", "rel": "self", "method": "GET"}]
    if first + size < len(found):
        query = urlencode([*kept, ("next_page_token", first + size)])
        links.append({"href": f"{base}?{query}", "rel": "next", "method": "GET"})
    part = found[first : first + size]
    return jsonify({"events": part, "count": len(part), "links": links})


@bp.get("/v1/notifications/webhooks-events/<event_id>")
def show_event(event_id: str) -> Response:
    return jsonify(_found("paypal.events", event_id))


@bp.post("/v1/notifications/webhooks-events/<event_id>/resend")
def resend_event(event_id: str) -> tuple[Response, int]:
    _found("paypal.events", event_id)
    return jsonify(events.resend(sandbox(), event_id)), 202


@bp.get("/v1/notifications/certs/<cert_id>")
def certificate(cert_id: str) -> Response:
    authority = sandbox().authority
    if cert_id != authority.cert_id:
        raise PayPalRefusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "There is no such certificate.")
    answer = Response(authority.leaf_pem, mimetype="application/x-pem-file")
    answer.headers["Cache-Control"] = "max-age=86400"
    return answer


def _found(table: str, key: str) -> Row:
    row = sandbox().store.get(table, key)
    if row is None or row.get("lapsed"):
        raise PayPalRefusal(404, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "Specified resource ID does not exist.")
    return row


def _json() -> dict[str, Any]:
    body = request.get_json(force=True, silent=True) if request.get_data() else {}
    if not isinstance(body, dict):
        raise PayPalRefusal(400, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON", "The request JSON is not well formed.")
    return body


def _moment(name: str) -> datetime | None:
    value = request.args.get(name)
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PayPalRefusal(400, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE", "Not an RFC 3339 time.", name) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _seal(expiry: str) -> str:
    secret = sandbox().config.paypal.client_secret.encode()
    return hmac.new(secret, b"token " + expiry.encode(), hashlib.sha256).hexdigest()
