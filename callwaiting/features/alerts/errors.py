from __future__ import annotations

from callwaiting.core.errors import Conflict, NotFound


class AlertNotFound(NotFound):
    reason = "alerts.not_found"


class AlertResolved(Conflict):
    """What is over cannot be acknowledged."""

    reason = "alerts.resolved"
