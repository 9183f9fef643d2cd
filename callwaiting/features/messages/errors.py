from __future__ import annotations

from callwaiting.core.errors import NotFound, Transient


class NoTwilioSource(Transient):
    """No Twilio endpoint is registered, so the fate of a text could not be learned. It waits until one is."""

    reason = "messages.no_twilio_source"


class MessageNotFound(NotFound):
    reason = "messages.not_found"
