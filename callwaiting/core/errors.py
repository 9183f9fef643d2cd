"""The one error class, the list of public codes, and how a worker judges a failure.

A public code is part of the API: clients branch on it, so it never changes its meaning.
Text that reaches a client comes from this file or from a raise site that wrote it for a client;
library texts, SQL and constraint names never do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class ErrorCode(StrEnum):
    """Every `code` that an answer can carry."""

    BAD_REQUEST = "BAD_REQUEST"
    MALFORMED_JSON = "MALFORMED_JSON"
    HOST_NOT_ALLOWED = "HOST_NOT_ALLOWED"
    WEBHOOK_SIGNATURE_INVALID = "WEBHOOK_SIGNATURE_INVALID"
    WEBHOOK_TIMESTAMP_EXPIRED = "WEBHOOK_TIMESTAMP_EXPIRED"
    WEBHOOK_PAYLOAD_INVALID = "WEBHOOK_PAYLOAD_INVALID"
    AUTH_TOKEN_MISSING = "AUTH_TOKEN_MISSING"  # noqa: S105 - the name of a code
    AUTH_TOKEN_INVALID = "AUTH_TOKEN_INVALID"  # noqa: S105 - the name of a code
    AUTH_TOKEN_EXPIRED = "AUTH_TOKEN_EXPIRED"  # noqa: S105 - the name of a code
    AUTH_TOKEN_REVOKED = "AUTH_TOKEN_REVOKED"  # noqa: S105 - the name of a code
    AUTH_SESSION_EXPIRED = "AUTH_SESSION_EXPIRED"
    AUTH_REFRESH_INVALID = "AUTH_REFRESH_INVALID"
    AUTH_REFRESH_REUSED = "AUTH_REFRESH_REUSED"
    AUTH_CREDENTIALS_INVALID = "AUTH_CREDENTIALS_INVALID"
    AUTH_MFA_REQUIRED = "AUTH_MFA_REQUIRED"
    AUTH_MFA_INVALID = "AUTH_MFA_INVALID"
    AUTH_STEP_UP_REQUIRED = "AUTH_STEP_UP_REQUIRED"
    FORBIDDEN = "FORBIDDEN"
    CSRF_FAILED = "CSRF_FAILED"
    ORIGIN_NOT_ALLOWED = "ORIGIN_NOT_ALLOWED"
    MERCHANT_SUSPENDED = "MERCHANT_SUSPENDED"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    CONFLICT = "CONFLICT"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    LENGTH_REQUIRED = "LENGTH_REQUIRED"
    PRECONDITION_FAILED = "PRECONDITION_FAILED"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    PRECONDITION_REQUIRED = "PRECONDITION_REQUIRED"
    RATE_LIMIT_EXCEEDED = "RATE_LIMIT_EXCEEDED"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    BAD_GATEWAY = "BAD_GATEWAY"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"


class PublicFace(NamedTuple):
    """What a client sees of a code: HTTP status, title and a safe sentence."""

    status: int
    title: str
    message: str


PUBLIC_FACES: dict[ErrorCode, PublicFace] = {
    ErrorCode.BAD_REQUEST: PublicFace(400, "Bad request", "The request cannot be understood."),
    ErrorCode.MALFORMED_JSON: PublicFace(400, "Malformed JSON", "The body is not valid JSON."),
    ErrorCode.HOST_NOT_ALLOWED: PublicFace(400, "Host not allowed", "This host is not served here."),
    ErrorCode.WEBHOOK_SIGNATURE_INVALID: PublicFace(400, "Invalid signature", "The signature does not match."),
    ErrorCode.WEBHOOK_TIMESTAMP_EXPIRED: PublicFace(400, "Expired timestamp", "The signed time is out of bounds."),
    ErrorCode.WEBHOOK_PAYLOAD_INVALID: PublicFace(400, "Invalid payload", "The payload is not what was agreed."),
    ErrorCode.AUTH_TOKEN_MISSING: PublicFace(401, "Unauthorized", "An access token is required."),
    ErrorCode.AUTH_TOKEN_INVALID: PublicFace(401, "Unauthorized", "The access token is not valid."),
    ErrorCode.AUTH_TOKEN_EXPIRED: PublicFace(401, "Unauthorized", "The access token has expired."),
    ErrorCode.AUTH_TOKEN_REVOKED: PublicFace(401, "Unauthorized", "The access token is no longer good."),
    ErrorCode.AUTH_SESSION_EXPIRED: PublicFace(401, "Unauthorized", "The session is over. Please sign in again."),
    ErrorCode.AUTH_REFRESH_INVALID: PublicFace(401, "Unauthorized", "Please sign in again."),
    ErrorCode.AUTH_REFRESH_REUSED: PublicFace(
        401, "Unauthorized", "This sign-in was used in two places, so it has been ended. Please sign in again."
    ),
    ErrorCode.AUTH_CREDENTIALS_INVALID: PublicFace(401, "Unauthorized", "The e-mail address or password is wrong."),
    ErrorCode.AUTH_MFA_REQUIRED: PublicFace(401, "Unauthorized", "A code from your authenticator is required."),
    ErrorCode.AUTH_MFA_INVALID: PublicFace(401, "Unauthorized", "The code is wrong or no longer good."),
    ErrorCode.AUTH_STEP_UP_REQUIRED: PublicFace(401, "Unauthorized", "Confirm that it is you, then try again."),
    ErrorCode.FORBIDDEN: PublicFace(403, "Forbidden", "You may not do this."),
    ErrorCode.CSRF_FAILED: PublicFace(403, "Forbidden", "The request does not come from our own pages."),
    ErrorCode.ORIGIN_NOT_ALLOWED: PublicFace(403, "Origin not allowed", "This origin may not do this."),
    ErrorCode.MERCHANT_SUSPENDED: PublicFace(403, "Forbidden", "This business is suspended. Please contact support."),
    ErrorCode.NOT_FOUND: PublicFace(404, "Not found", "There is nothing here."),
    ErrorCode.METHOD_NOT_ALLOWED: PublicFace(405, "Method not allowed", "This method is not allowed here."),
    ErrorCode.REQUEST_TIMEOUT: PublicFace(504, "Request timeout", "The request took too long."),
    ErrorCode.CONFLICT: PublicFace(409, "Conflict", "The request does not fit the present state."),
    ErrorCode.IDEMPOTENCY_KEY_REUSED: PublicFace(
        409, "Idempotency key reused", "This Idempotency-Key came with another request before."
    ),
    ErrorCode.LENGTH_REQUIRED: PublicFace(411, "Length required", "Send the body with a Content-Length."),
    ErrorCode.PRECONDITION_FAILED: PublicFace(412, "Precondition failed", "It was changed since you have read it."),
    ErrorCode.PAYLOAD_TOO_LARGE: PublicFace(413, "Payload too large", "The body is larger than allowed."),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: PublicFace(415, "Unsupported media type", "This content type is not accepted."),
    ErrorCode.VALIDATION_FAILED: PublicFace(422, "Validation failed", "Some fields are not valid."),
    ErrorCode.PRECONDITION_REQUIRED: PublicFace(
        428, "Precondition required", "Send If-Match with the ETag of the version that you have read."
    ),
    ErrorCode.RATE_LIMIT_EXCEEDED: PublicFace(429, "Too many requests", "Rate limit exceeded. Please try again later."),
    ErrorCode.INTERNAL_ERROR: PublicFace(500, "Internal error", "Something went wrong on our side."),
    ErrorCode.BAD_GATEWAY: PublicFace(502, "Bad gateway", "A provider answered in a way we cannot use."),
    ErrorCode.SERVICE_UNAVAILABLE: PublicFace(503, "Service unavailable", "Please try again in a moment."),
}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a refused request, by its dotted path, and what is wrong with it."""

    field: str
    message: str


class CallwaitingError(Exception):
    """Base of every error that has a public face.

    `reason` is the internal name (`slice.reason`), for logs, metrics and audit; `detail` helps an operator and
    is logged, never sent. `retry_after` is in seconds and becomes the header of that name.
    """

    code: ErrorCode = ErrorCode.INTERNAL_ERROR
    reason: str = "core.internal"

    def __init__(
        self,
        detail: str = "",
        *,
        code: ErrorCode | None = None,
        reason: str | None = None,
        message: str | None = None,
        fields: Sequence[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(detail or reason or self.reason)
        self.code = code or self.code
        self.reason = reason or self.reason
        self.detail = detail
        self.public_message = message
        self.fields = tuple(fields)
        self.retry_after = retry_after

    @property
    def face(self) -> PublicFace:
        face = PUBLIC_FACES[self.code]
        return face if self.public_message is None else face._replace(message=self.public_message)


class Transient(CallwaitingError):
    """May go well later, unchanged: a provider or the network is away. A worker tries again for three hours or more
    (`core.retry`)."""

    code = ErrorCode.SERVICE_UNAVAILABLE
    reason = "core.transient"


class Permanent(CallwaitingError):
    """Will never go well unchanged. A worker does not try again; the event goes dead and raises an alert."""

    code = ErrorCode.CONFLICT
    reason = "core.permanent"


class NotFound(CallwaitingError):
    """Absent, or not yours: the two are the same answer."""

    code = ErrorCode.NOT_FOUND
    reason = "core.not_found"


class BadRequest(CallwaitingError):
    code = ErrorCode.BAD_REQUEST
    reason = "core.bad_request"


class Conflict(CallwaitingError):
    code = ErrorCode.CONFLICT
    reason = "core.conflict"


class PreconditionFailed(CallwaitingError):
    """Somebody changed the row since the client has read it."""

    code = ErrorCode.PRECONDITION_FAILED
    reason = "core.precondition_failed"


class ValidationFailed(CallwaitingError):
    """Fields of the request are not valid; each with a sentence for the client."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "core.validation_failed"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__(f"{len(fields)} fields", fields=fields)


class ServiceUnavailable(CallwaitingError):
    """We cannot decide or store now; the sender shall come again."""

    code = ErrorCode.SERVICE_UNAVAILABLE
    reason = "core.unavailable"

    def __init__(self, detail: str = "", *, reason: str | None = None, retry_after: int = 5) -> None:
        super().__init__(detail, reason=reason, retry_after=retry_after)
