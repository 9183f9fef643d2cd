"""Signing up, in and out, sessions and passwords."""

from __future__ import annotations

from uuid import UUID

from flask import request
from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http import cookies
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import PermissionMissing, Principal, principal
from callwaiting.core.http.context import database
from callwaiting.core.http.cookies import SignInCookies
from callwaiting.core.http.limits import client_network
from callwaiting.core.tenancy import SessionClaim
from callwaiting.features.accounts import people, refresh_tokens, sessions, sign_in, sign_up
from callwaiting.features.accounts import schemas as faces
from callwaiting.features.accounts.clients import Client
from callwaiting.features.accounts.process_keys import csrf_token, key_for
from callwaiting.features.accounts.sessions import SignedIn

USE = "account.use"
BUSY = frozenset({ErrorCode.RATE_LIMIT_EXCEEDED, ErrorCode.SERVICE_UNAVAILABLE})
COOKIE = frozenset({ErrorCode.AUTH_REFRESH_INVALID, ErrorCode.CSRF_FAILED, ErrorCode.ORIGIN_NOT_ALLOWED})
api = Api("accounts")


@api.post(
    "/auth/sign-up", public="has no account yet", idempotent=False, status=202,
    body=faces.SignUp, answers=faces.MailOnItsWay, refuses=BUSY,
)  # fmt: skip
def ask_for_account(body: faces.SignUp) -> faces.MailOnItsWay:
    """Sign up.

    A mail asks to confirm the address. When it has an account already, its owner is told instead.
    """
    sign_up.sign_up(database(), _client(), email=body.email, name=body.name, password=body.password)
    return faces.MailOnItsWay()


@api.post("/auth/verify-email", public="brings a mailed token", idempotent=False, body=faces.Link)
def confirm_address(body: faces.Link) -> None:
    """Confirm an e-mail address by the mailed link."""
    sign_up.verify_email(database(), body.token)


@api.post(
    "/auth/sign-in", public="brings a password", idempotent=False,
    body=faces.SignIn, answers=faces.AccessToken,
    refuses=BUSY | {ErrorCode.AUTH_CREDENTIALS_INVALID, ErrorCode.FORBIDDEN},
)  # fmt: skip
def enter(body: faces.SignIn) -> faces.AccessToken:
    """Sign in with e-mail address and password.

    Sets the refresh cookie. `remember` keeps the person signed in for 30 days instead of 24 hours.
    """
    welcome = sign_in.sign_in(database(), _client(), email=body.email, password=body.password, remember=body.remember)
    cookies.set_device(welcome.device_cookie)
    return _entered(welcome.signed_in)


@api.post(
    "/auth/refresh", public="brings the refresh cookie", idempotent=False, answers=faces.AccessToken,
    refuses=COOKIE | {ErrorCode.AUTH_REFRESH_REUSED, ErrorCode.AUTH_SESSION_EXPIRED},
)  # fmt: skip
def renew() -> faces.AccessToken:
    """Exchange the refresh cookie for a new one and a new access token.

    Each is good once: when one comes a second time the session is ended, for somebody has a copy.
    """
    return _entered(sign_in.refresh(database(), _client(), _own_refresh_token()))


@api.post("/auth/sign-out", public="brings the refresh cookie", idempotent=False, refuses=COOKIE)
def leave() -> None:
    """Sign out of this session. Its access token is refused from the next request on."""
    token = _own_refresh_token()
    cookies.clear_sign_in()
    sign_in.sign_out(database(), token)


@api.post("/auth/sign-out-everywhere", requires=USE, idempotent=False)
def leave_everywhere(session: Session) -> None:
    """Sign out of every session, this one too."""
    cookies.clear_sign_in()
    sessions.end_all(session, "signed_out")


@api.get("/auth/me", requires=USE, answers=faces.Me)
def show_me(session: Session) -> faces.Me:
    """Show who is signed in, and which businesses the person works for."""
    who = principal()
    email, name = people.contact(session)
    teams = [faces.TeamFace.model_validate(team) for team in people.merchants(session)]
    return faces.Me(id=who.user_id, email=email, name=name, role=who.role, merchant_id=who.merchant_id, teams=teams)


@api.post("/auth/switch", requires=USE, idempotent=False, body=faces.SwitchMerchant, answers=faces.AccessToken)
def change_merchant(session: Session, body: faces.SwitchMerchant) -> faces.AccessToken:
    """Get an access token for another business of the person."""
    return _token(sessions.switch_merchant(session, _claim(principal()).session_id, body.merchant_id))


@api.get("/auth/sessions", requires=USE, answers=faces.Sessions)
def list_sessions(session: Session) -> faces.Sessions:
    """List the person's sessions."""
    mine = _claim(principal()).session_id
    return faces.Sessions(
        items=[
            faces.SessionFace(
                id=found.id,
                device=found.device,
                network=found.network,
                created_at=found.created_at,
                refreshed_at=found.refreshed_at,
                expires_at=found.expires_at,
                current=found.id == mine,
            )
            for found in sessions.list_sessions(session)
        ]
    )


@api.delete("/auth/sessions/<uuid:session_id>", requires=USE)
def end_session(session: Session, session_id: UUID) -> None:
    """End one of the person's sessions. Works on its next request."""
    sessions.end_session(session, session_id, "revoked")


@api.post("/auth/password", requires=USE, idempotent=False, body=faces.ChangePassword, refuses=BUSY)
def change_password(body: faces.ChangePassword) -> None:
    """Change the password. The person's other sessions end."""
    who = principal()
    sign_up.change_password(
        database(),
        _client(),
        user_id=who.user_id,
        session_id=_claim(who).session_id,
        present=body.password,
        wanted=body.new_password,
    )


@api.post(
    "/auth/password-reset", public="cannot sign in", idempotent=False, status=202,
    body=faces.EmailOnly, answers=faces.MailOnItsWay, refuses=BUSY,
)  # fmt: skip
def ask_for_reset(body: faces.EmailOnly) -> faces.MailOnItsWay:
    """Ask for a link to choose a new password."""
    sign_up.ask_for_reset(database(), _client(), email=body.email)
    return faces.MailOnItsWay()


@api.post(
    "/auth/password-reset/confirm", public="brings a mailed token", idempotent=False,
    body=faces.NewPassword, refuses=BUSY,
)  # fmt: skip
def choose_new_password(body: faces.NewPassword) -> None:
    """Choose a new password by the mailed link. Every session ends; sign in afterwards."""
    cookies.set_device(sign_up.reset_password(database(), token=body.token, password=body.password))


def _client() -> Client:
    return Client(client_network(), request.headers.get("User-Agent", "")[:500], cookies.sent(cookies.DEVICE))


def _claim(who: Principal) -> SessionClaim:
    if who.session is None:
        raise PermissionMissing("a machine has no session")
    return who.session


def _own_refresh_token() -> str:
    """The cookie's, once it is clear that our own page sent it. Raises OriginRefused, RefreshInvalid, CsrfFailed."""
    cookies.require_own_page()
    token = cookies.sent(cookies.REFRESH)
    presented = refresh_tokens.read(key_for(database(), "refresh token"), token)
    cookies.require_csrf_token(csrf_token(database(), presented.session_id))
    return token


def _entered(signed_in: SignedIn) -> faces.AccessToken:
    cookies.set_sign_in(SignInCookies(signed_in.refresh_token, signed_in.csrf_token, signed_in.remembered))
    return _token(signed_in)


def _token(signed_in: SignedIn) -> faces.AccessToken:
    return faces.AccessToken(
        access_token=signed_in.access_token,
        expires_in=signed_in.expires_in,
        csrf_token=signed_in.csrf_token,
        merchant_id=signed_in.merchant_id,
        role=signed_in.role,
    )
