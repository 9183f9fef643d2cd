"""What may keep a text from being sent."""

from __future__ import annotations

from callwaiting.core.errors import CallwaitingError, Conflict, NotFound, Transient


class NoTwilioSource(Transient):
    """No Twilio endpoint is registered, so the fate of a text could not be learned. It waits until one is."""

    reason = "messages.no_twilio_source"


class MessageNotFound(NotFound):
    reason = "messages.not_found"


class ThreadNotFound(NotFound):
    """No text went to or came from this caller."""

    reason = "messages.thread_not_found"


class Unreachable(Conflict):
    """The number takes no texts: a landline, or no longer in use. It can be texted once it has texted us."""

    reason = "messages.unreachable"


class NoLongerTrue(CallwaitingError):
    """What a waiting text says has been overtaken: it is not sent."""

    reason = "messages.no_longer_true"
