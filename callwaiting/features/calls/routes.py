"""`GET /api/v1/calls`."""

from __future__ import annotations

from flask import Blueprint, Response, request
from pydantic import ValidationError

from callwaiting.core.errors import CallwaitingError, ErrorCode, FieldError
from callwaiting.core.http.auth import principal, requires
from callwaiting.core.http.context import database
from callwaiting.features.calls import service
from callwaiting.features.calls.schemas import PageRequest, page_of

blueprint = Blueprint("calls", __name__)


@blueprint.get("/api/v1/calls")
@requires("calls.read")
def newest() -> Response:
    """The merchant's calls, newest first, 25 a page."""
    try:
        wanted = PageRequest.model_validate(request.args.to_dict())
    except ValidationError as error:
        fields = [FieldError(".".join(map(str, issue["loc"])), issue["msg"]) for issue in error.errors()]
        raise CallwaitingError(code=ErrorCode.VALIDATION_FAILED, reason="calls.page_invalid", fields=fields) from error
    with database().unit_of_work(principal().scope) as session:
        page = page_of(service.newest(session, before=wanted.before, limit=wanted.limit + 1), wanted.limit)
    return Response(page.model_dump_json(), content_type="application/json", headers={"Cache-Control": "no-store"})
