"""What this package refuses."""

from __future__ import annotations

from callwaiting.core.errors import CallwaitingError, ErrorCode


class TimezoneUnknown(CallwaitingError):
    code = ErrorCode.VALIDATION_FAILED
    reason = "understanding.timezone_unknown"


class VocabularyInvalid(CallwaitingError):
    code = ErrorCode.VALIDATION_FAILED
    reason = "understanding.vocabulary_invalid"


class RequestInvalid(CallwaitingError):
    code = ErrorCode.VALIDATION_FAILED
    reason = "understanding.request_invalid"
