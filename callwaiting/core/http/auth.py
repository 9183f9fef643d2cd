"""Who may use a route. Each route says so beside itself; one that does not is refused, and fails a test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from flask import current_app, g, request
from flask_jwt_extended import get_jwt, verify_jwt_in_request
from flask_jwt_extended.exceptions import JWTExtendedException, NoAuthorizationError
from jwt import ExpiredSignatureError, PyJWTError

from callwaiting.core import clock
from callwaiting.core.errors import CallwaitingError, ErrorCode, NotFound
from callwaiting.core.http.permissions import permissions_of
from callwaiting.core.tenancy import MerchantScope

View = TypeVar("View", bound=Callable[..., Any])
STEP_UP_SECONDS = 300


class TokenRefused(CallwaitingError):
    """401; `code` says whether the token is missing, expired or not valid."""

    code = ErrorCode.AUTH_TOKEN_INVALID
    reason = "auth.token_invalid"


class PermissionMissing(CallwaitingError):
    code = ErrorCode.FORBIDDEN
    reason = "auth.permission_missing"


class StepUpRequired(CallwaitingError):
    """The act needs a sign-in of the last five minutes."""

    code = ErrorCode.AUTH_STEP_UP_REQUIRED
    reason = "auth.step_up_required"


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """`public` and `signed` need no principal (a signed route verifies its sender itself); `requires` names a
    permission, and with `step_up` the principal must have proved itself within the last five minutes."""

    kind: Literal["public", "signed", "requires"]
    name: str
    step_up: bool = False


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is behind an access token. `auth_time` is when it last proved itself, in seconds since 1970; 0: unknown."""

    user: str
    merchant_id: UUID
    role: str
    auth_time: int = 0

    @property
    def scope(self) -> MerchantScope:
        return MerchantScope(self.merchant_id, actor=f"user:{self.user}", role=self.role)


def _declare(policy: AccessPolicy) -> Callable[[View], View]:
    def decorate(view: View) -> View:
        view.access_policy = policy  # type: ignore[attr-defined]  # read by `enforce` and by the test of the URL map
        return view

    return decorate


def public(reason: str) -> Callable[[View], View]:
    """Anybody may use this route, because of `reason`."""
    return _declare(AccessPolicy("public", reason))


def signed(by: str) -> Callable[[View], View]:
    """The sender proves itself by a signature over the request, which the route checks before anything else."""
    return _declare(AccessPolicy("signed", by))


def requires(permission: str, *, step_up: bool = False) -> Callable[[View], View]:
    """A valid access token whose role has `permission`; `step_up`: given out on a recent proof of who it is."""
    return _declare(AccessPolicy("requires", permission, step_up))


def policy_of(endpoint: str) -> AccessPolicy | None:
    view = current_app.view_functions.get(endpoint)
    policy: AccessPolicy | None = getattr(view, "access_policy", None)
    return policy


def identify() -> None:
    """Run before the limits, which count a request for whoever sends it. What is wrong with its token is raised by
    `enforce`, after it has been counted."""
    policy = policy_of(request.endpoint) if request.endpoint else None
    if policy is not None and policy.kind == "requires":
        try:
            g.principal = principal_of(verified_claims())
        except TokenRefused as refused:
            g.token_refused = refused


def enforce() -> None:
    """Run before every request. Raises TokenRefused, PermissionMissing or StepUpRequired; an undeclared route is not
    there."""
    if request.endpoint is None:
        return
    policy = policy_of(request.endpoint)
    if policy is None:
        raise NotFound(f"{request.endpoint} declares no access policy", reason="auth.undeclared_route")
    if policy.kind == "requires":
        if "token_refused" in g:
            raise g.token_refused
        found = principal()
        if policy.name not in permissions_of(found.role):
            raise PermissionMissing(policy.name)
        if policy.step_up and clock.now().timestamp() - found.auth_time > STEP_UP_SECONDS:
            raise StepUpRequired


def verified_claims() -> dict[str, Any]:
    """The claims of the request's access token. Raises TokenRefused, whatever is wrong with it."""
    try:
        verify_jwt_in_request()
        return get_jwt()
    except NoAuthorizationError as error:
        raise TokenRefused(code=ErrorCode.AUTH_TOKEN_MISSING, reason="auth.token_missing") from error
    except ExpiredSignatureError as error:
        raise TokenRefused(code=ErrorCode.AUTH_TOKEN_EXPIRED, reason="auth.token_expired") from error
    # Beyond its own errors the library lets through what a malformed header or claim makes Python raise.
    except (JWTExtendedException, PyJWTError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise TokenRefused(type(error).__name__) from error


def principal_of(claims: dict[str, Any]) -> Principal:
    """Raises TokenRefused when a claim that we rely on is absent or malformed."""
    user, merchant, role = (claims.get(name) for name in ("sub", "mid", "role"))
    if not (isinstance(user, str) and user and isinstance(merchant, str) and isinstance(role, str)):
        raise TokenRefused("a claim is absent or malformed")
    try:
        auth_time = claims.get("auth_time", 0)
        return Principal(user, UUID(merchant), role, auth_time if isinstance(auth_time, int) else 0)
    except ValueError as error:
        raise TokenRefused("a claim is absent or malformed") from error


def principal() -> Principal:
    """The principal of this request; only on a route that `requires` a permission."""
    found: Principal = g.principal
    return found
