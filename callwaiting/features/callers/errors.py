from __future__ import annotations

from callwaiting.core.errors import NotFound


class CallerNotFound(NotFound):
    reason = "callers.not_found"
