"""What can be wrong with a voice request."""

from __future__ import annotations

from callwaiting.core.errors import BadRequest, Conflict, NotFound


class CallMalformed(BadRequest):
    """A signed voice request without a usable CallSid."""

    reason = "calls.malformed"


class CallNotFound(NotFound):
    reason = "calls.not_found"


class LeftMessageNotFound(NotFound):
    reason = "calls.left_message_not_found"


class RecordingNotFound(NotFound):
    """Nothing of this call may be heard, or nothing is there (any more)."""

    reason = "calls.recording_not_found"


class CallGoesOn(Conflict):
    """Its recording is still being made."""

    reason = "calls.goes_on"
