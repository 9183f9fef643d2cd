"""ETags made of a row's version, and the If-Match that a change must name."""

from __future__ import annotations

import re

from flask import request
from pydantic import BaseModel

from callwaiting.core.errors import CallwaitingError, ErrorCode, PreconditionFailed

ETAG = re.compile(r'"v([0-9]{1,9})"', re.ASCII)


class PreconditionRequired(CallwaitingError):
    """A change without If-Match could overwrite what its author has never seen."""

    code = ErrorCode.PRECONDITION_REQUIRED
    reason = "http.precondition_required"


def etag_of(answer: BaseModel) -> str | None:
    """`"v7"` for an answer with a `version`, else None."""
    version = getattr(answer, "version", None)
    return f'"v{version}"' if isinstance(version, int) else None


def expected_version() -> int:
    """The version that If-Match names. Raises PreconditionRequired when it names none (`*` names none either), and
    PreconditionFailed for an ETag that is none of ours."""
    named = request.headers.get("If-Match", "").strip()
    if named in {"", "*"}:
        raise PreconditionRequired
    found = ETAG.fullmatch(named)
    if found is None:
        raise PreconditionFailed("not an ETag of ours")
    return int(found[1])
