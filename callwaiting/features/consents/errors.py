from __future__ import annotations

from callwaiting.core.errors import Conflict


class ConsentRevoked(Conflict):
    """The caller has told us to stop: no text may be sent."""

    reason = "consents.revoked"
