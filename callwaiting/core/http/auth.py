"""Who may use a route. Each route says so beside itself; one that does not is refused, and fails a test."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from flask import current_app, g, request
from flask_jwt_extended import decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import ExpiredSignatureError, PyJWTError

from callwaiting.core import clock
from callwaiting.core.errors import CallwaitingError, ErrorCode, NotFound
from callwaiting.core.http.permissions import MUST_ENROL, WITHOUT_MERCHANT, permissions_of
from callwaiting.core.tenancy import MerchantScope, Scope, SessionClaim, SystemScope

View = TypeVar("View", bound=Callable[..., Any])
STEP_UP_SECONDS = 300
MAX_TOKEN_BYTES = 4096
ONE_TOKEN = re.compile(r"Bearer [A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
SCHEME = "Bearer "
OWN_ACCOUNT = "account.use"
OTP = "otp"  # RFC 8176
MACHINE_PREFIX = "Bearer cwk_"
MAX_VERSION = 2**31 - 1


class TokenRefused(CallwaitingError):
    """401; `code` says whether the token is missing, expired or not valid."""

    code = ErrorCode.AUTH_TOKEN_INVALID
    reason = "auth.token_invalid"


class PermissionMissing(CallwaitingError):
    code = ErrorCode.FORBIDDEN
    reason = "auth.permission_missing"


class FactorRequired(CallwaitingError):
    """The role demands a second factor, and the person has signed in without one."""

    code = ErrorCode.AUTH_MFA_REQUIRED
    reason = "auth.factor_required"


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
    """Who sends a request: a person with an access token, or a machine with an API key of one merchant.

    `user` is the person's id, or the key's. Operators, and persons in no team, have no merchant. `auth_time` is when
    the person last proved itself, in seconds since 1970; 0 for a machine, which cannot step up. With `must_enrol` it
    may only look after its own account.
    """

    user: str
    merchant_id: UUID | None
    role: str
    permissions: frozenset[str]
    auth_time: int = 0
    session: SessionClaim | None = None
    must_enrol: bool = False

    @property
    def user_id(self) -> UUID:
        """The person's id. Raises PermissionMissing for a machine, which has no account."""
        if self.session is None:
            raise PermissionMissing("a machine has no account")
        return UUID(self.user)

    @property
    def scope(self) -> Scope:
        """The scope of this request's transaction, which begins only while the session is alive."""
        kind, user_id = ("user", UUID(self.user)) if self.session else ("api_key", None)
        actor = f"{kind}:{self.user}"
        if self.merchant_id is None:
            return SystemScope("signed in", actor=actor, user_id=user_id, session=self.session)
        return MerchantScope(self.merchant_id, actor=actor, role=self.role, user_id=user_id, session=self.session)


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
    """Run before the limits, which count a request for whoever sends it. Why it cannot be known is raised by
    `enforce`, after the request has been counted."""
    policy = policy_of(request.endpoint) if request.endpoint else None
    if policy is not None and policy.kind == "requires" and not _asks_for_methods():
        try:
            g.principal = authenticated()
        except CallwaitingError as error:
            g.not_identified = error


def enforce() -> None:
    """Run before every request. Raises TokenRefused, PermissionMissing, FactorRequired or StepUpRequired; an
    undeclared route is not there."""
    if request.endpoint is None:
        return
    policy = policy_of(request.endpoint)
    if policy is None:
        raise NotFound(f"{request.endpoint} declares no access policy", reason="auth.undeclared_route")
    if policy.kind == "requires" and not _asks_for_methods():
        if "not_identified" in g:
            raise g.not_identified
        found = principal()
        if policy.name not in found.permissions:
            raise PermissionMissing(policy.name)
        if found.must_enrol and policy.name != OWN_ACCOUNT:
            raise FactorRequired(message="Your role requires an authenticator. Please set one up first.")
        if policy.step_up and clock.now().timestamp() - found.auth_time > STEP_UP_SECONDS:
            raise StepUpRequired


def _asks_for_methods() -> bool:
    """OPTIONS, which Flask answers without the view. A browser sends it before the request of another origin, without
    its token, and takes nothing but success for a yes (Fetch, 4.8)."""
    return request.method == "OPTIONS" and getattr(request.url_rule, "provide_automatic_options", False)


def authenticated() -> Principal:
    """Who sends this request. Raises TokenRefused. The session's state is asked when the transaction begins."""
    sent = request.headers.get("Authorization", "")
    if sent.startswith(MACHINE_PREFIX):
        machine_access: Callable[[str], Principal] = current_app.extensions["machine_access"]
        return machine_access(sent.removeprefix(SCHEME))
    if not sent.startswith(SCHEME):
        raise TokenRefused(code=ErrorCode.AUTH_TOKEN_MISSING, reason="auth.token_missing")
    if len(sent) > MAX_TOKEN_BYTES or not ONE_TOKEN.fullmatch(sent):
        raise TokenRefused("not one token")
    return principal_of(verified_claims(sent.removeprefix(SCHEME)))


def verified_claims(token: str) -> dict[str, Any]:
    """The claims of an access token and its `kid`. Raises TokenRefused, whatever is wrong with it."""
    try:
        return decode_token(token)
    except ExpiredSignatureError as error:
        raise TokenRefused(code=ErrorCode.AUTH_TOKEN_EXPIRED, reason="auth.token_expired") from error
    # Beyond its own errors the library lets through what a malformed header or claim makes Python raise.
    except (JWTExtendedException, PyJWTError, ValueError, TypeError, AttributeError, OverflowError) as error:
        raise TokenRefused(type(error).__name__) from error


def principal_of(claims: dict[str, Any]) -> Principal:
    """Raises TokenRefused when a claim that we rely on is malformed."""
    role, version, auth_time, amr = claims["role"], claims["ver"], claims["auth_time"], claims["amr"]
    try:
        user = str(UUID(claims["sub"]))
        merchant = None if claims["mid"] is None else UUID(claims["mid"])
        session = SessionClaim(UUID(claims["sid"]), version, UUID(claims["kid"]))
    except (ValueError, TypeError, AttributeError) as error:
        raise TokenRefused("an id in a claim is malformed") from error
    if not (isinstance(role, str) and type(version) is int and type(auth_time) is int and 0 <= version <= MAX_VERSION):
        raise TokenRefused("a claim is malformed")
    if (merchant is None) != (role in WITHOUT_MERCHANT):
        raise TokenRefused("the role does not fit the merchant")
    if not isinstance(amr, list):
        raise TokenRefused("a claim is malformed")
    must_enrol = role in MUST_ENROL and OTP not in amr
    return Principal(user, merchant, role, permissions_of(role), auth_time, session, must_enrol)


def principal() -> Principal:
    """The principal of this request; only on a route that `requires` a permission."""
    found: Principal = g.principal
    return found
