"""What can be wrong with a voice request."""

from __future__ import annotations

from callwaiting.core.errors import BadRequest, NotFound


class CallMalformed(BadRequest):
    """A signed voice request without a usable CallSid."""

    reason = "calls.malformed"


class CallNotFound(NotFound):
    reason = "calls.not_found"


class LeftMessageNotFound(NotFound):
    reason = "calls.left_message_not_found"
