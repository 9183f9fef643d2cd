"""What sign-in and accounts refuse."""

from __future__ import annotations

from callwaiting.core.errors import CallwaitingError, Conflict, ErrorCode, FieldError, NotFound, ValidationFailed


class CredentialsInvalid(CallwaitingError):
    """No such account, or not its password: the two are the same answer, after the same work."""

    code = ErrorCode.AUTH_CREDENTIALS_INVALID
    reason = "accounts.credentials_invalid"


class TooManyAttempts(CallwaitingError):
    """`retry_after` says when the next attempt is looked at."""

    code = ErrorCode.RATE_LIMIT_EXCEEDED
    reason = "accounts.too_many_attempts"


class AnotherBusiness(CallwaitingError):
    """By this key the person has opened a business of which something else was said."""

    code = ErrorCode.IDEMPOTENCY_KEY_REUSED
    reason = "accounts.another_business"


class AccountClosed(CallwaitingError):
    """The password was right, but the address is not verified or the account is disabled."""

    code = ErrorCode.FORBIDDEN
    reason = "accounts.closed"


class RefreshInvalid(CallwaitingError):
    """No refresh token of ours, or of a session that is over."""

    code = ErrorCode.AUTH_REFRESH_INVALID
    reason = "accounts.refresh_invalid"


class RefreshReused(CallwaitingError):
    """A spent refresh token came again: somebody has a copy, and the session is ended."""

    code = ErrorCode.AUTH_REFRESH_REUSED
    reason = "accounts.refresh_reused"


class SessionExpired(CallwaitingError):
    code = ErrorCode.AUTH_SESSION_EXPIRED
    reason = "accounts.session_expired"


class MfaRequired(CallwaitingError):
    """The password was right, and the account has a second factor: the ticket for its code is in a cookie."""

    code = ErrorCode.AUTH_MFA_REQUIRED
    reason = "accounts.mfa_required"


class MfaInvalid(CallwaitingError):
    """A wrong or used code, or a ticket that is spent: all the same to whoever asks."""

    code = ErrorCode.AUTH_MFA_INVALID
    reason = "accounts.mfa_invalid"


class NothingToConfirm(Conflict):
    """No new authenticator waits for its first code, or it has waited for too long."""

    reason = "accounts.nothing_to_confirm"


class LinkSpent(ValidationFailed):
    """A link from a mail that is unknown, used or too old."""

    def __init__(self) -> None:
        super().__init__(FieldError("token", "This link is no longer good. Please ask for a new one."))


class MemberNotFound(NotFound):
    reason = "accounts.member_not_found"


class LastOwner(Conflict):
    """A team without an owner could never have one again."""

    reason = "accounts.last_owner"


class RankTooLow(CallwaitingError):
    """Nobody gives or takes a role above one's own."""

    code = ErrorCode.FORBIDDEN
    reason = "accounts.rank_too_low"


class InvitationNotFound(NotFound):
    reason = "accounts.invitation_not_found"


class InvitationClosed(Conflict):
    """It was accepted already."""

    reason = "accounts.invitation_closed"


class AlreadyMember(Conflict):
    reason = "accounts.already_member"


class ApiKeyNotFound(NotFound):
    reason = "accounts.api_key_not_found"
