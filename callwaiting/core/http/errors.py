"""One envelope for every answer that is not a success, whatever raised it."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Request, Response, jsonify
from werkzeug.exceptions import HTTPException, SecurityError

from callwaiting.core.errors import PUBLIC_FACES, CallwaitingError, ErrorCode
from callwaiting.core.http.limits import UnsupportedMediaType
from callwaiting.core.request_context import current_request_id

log = structlog.get_logger()

BY_STATUS: dict[int, ErrorCode] = {
    400: ErrorCode.BAD_REQUEST,
    401: ErrorCode.AUTH_TOKEN_MISSING,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    408: ErrorCode.REQUEST_TIMEOUT,
    409: ErrorCode.CONFLICT,
    411: ErrorCode.LENGTH_REQUIRED,
    412: ErrorCode.PRECONDITION_FAILED,
    413: ErrorCode.PAYLOAD_TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    422: ErrorCode.VALIDATION_FAILED,
    428: ErrorCode.PRECONDITION_REQUIRED,
    429: ErrorCode.RATE_LIMIT_EXCEEDED,
    502: ErrorCode.BAD_GATEWAY,
    503: ErrorCode.SERVICE_UNAVAILABLE,
    504: ErrorCode.REQUEST_TIMEOUT,
}


class MalformedJson(CallwaitingError):
    code = ErrorCode.MALFORMED_JSON
    reason = "http.malformed_json"


class JsonRequest(Request):
    """A request whose `get_json` fails with errors of ours."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        """Raises UnsupportedMediaType when the body does not claim to be JSON, MalformedJson when it is none."""
        raise UnsupportedMediaType if e is None else MalformedJson


def envelope(error: CallwaitingError) -> dict[str, Any]:
    """The JSON body of an error."""
    body: dict[str, Any] = {
        "error": error.face.title,
        "message": error.face.message,
        "code": error.code.value,
        "request_id": current_request_id(),
    }
    if error.fields:
        body["fields"] = [{"field": item.field, "message": item.message} for item in error.fields]
    return body


def answer(error: CallwaitingError) -> Response:
    response = jsonify(envelope(error))
    response.status_code = error.face.status
    response.headers["Cache-Control"] = "no-store"
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = f'Bearer error="{error.code.value.lower()}"'
    return response


def _ours(error: CallwaitingError) -> Response:
    if error.face.status >= 500:
        log.error("request.failed", reason=error.reason, detail=error.detail, exc_info=error.__cause__)
    else:
        log.info("request.refused", reason=error.reason, detail=error.detail)
    return answer(error)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    code = BY_STATUS.get(status, ErrorCode.BAD_REQUEST if status < 500 else ErrorCode.INTERNAL_ERROR)
    if isinstance(error, SecurityError):  # Werkzeug's name for a host that TRUSTED_HOSTS does not list
        code = ErrorCode.HOST_NOT_ALLOWED
    response = answer(CallwaitingError(code=code, reason=f"http.{status}"))
    response.status_code = status if PUBLIC_FACES[code].status != status and status < 500 else response.status_code
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _unforeseen(error: Exception) -> Response:
    log.error("request.crashed", error=type(error).__name__, exc_info=error)
    return answer(CallwaitingError())


def register(app: Flask) -> None:
    app.request_class = JsonRequest
    app.register_error_handler(CallwaitingError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)
