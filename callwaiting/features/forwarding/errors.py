"""What can stop a test of the forwarding."""

from __future__ import annotations

from callwaiting.core.errors import CallwaitingError, Conflict, ErrorCode, NotFound


class NoSuchTest(NotFound):
    reason = "forwarding.test_not_found"


class AlreadyTesting(Conflict):
    """One test of the merchant's at a time: two would not know whose call has come back."""

    reason = "forwarding.test_running"


class NoLine(Conflict):
    """Nobody has said which line's calls are forwarded."""

    reason = "forwarding.no_line"


class LineUnfit(Conflict):
    """The line is answered here, is in another country, or costs whoever rings it. The message says which."""

    reason = "forwarding.line_unfit"


class TooManyTests(CallwaitingError):
    """Each test is a call that somebody pays for and that rings in a shop."""

    code = ErrorCode.RATE_LIMIT_EXCEEDED
    reason = "forwarding.too_many_tests"
