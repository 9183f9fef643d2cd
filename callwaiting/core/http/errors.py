"""One envelope for every answer that is not a success, whatever raised it."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from callwaiting.core.errors import PUBLIC_FACES, CallwaitingError, ErrorCode
from callwaiting.core.request_context import current_request_id

log = structlog.get_logger()

BY_STATUS: dict[int, ErrorCode] = {
    400: ErrorCode.BAD_REQUEST,
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    405: ErrorCode.METHOD_NOT_ALLOWED,
    408: ErrorCode.REQUEST_TIMEOUT,
    411: ErrorCode.LENGTH_REQUIRED,
    413: ErrorCode.PAYLOAD_TOO_LARGE,
    415: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    429: ErrorCode.RATE_LIMIT_EXCEEDED,
    503: ErrorCode.SERVICE_UNAVAILABLE,
}


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
    app.register_error_handler(CallwaitingError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unforeseen)
