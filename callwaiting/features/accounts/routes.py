"""Signing up, in and out, sessions and passwords."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http import cookies
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import principal
from callwaiting.core.http.context import database
from callwaiting.core.http.rate_limits import MAIL, MAILED_TOKEN, SIGN_IN
from callwaiting.features.accounts import opening, people, refresh_tokens, sessions, sign_in, sign_up
from callwaiting.features.accounts import schemas as faces
from callwaiting.features.accounts.entering import access_token, client_of_request, entered, session_of
from callwaiting.features.accounts.errors import MfaRequired
from callwaiting.features.accounts.opening import Business
from callwaiting.features.accounts.process_keys import csrf_token, key_for
from callwaiting.features.accounts.sign_in import CodeWanted

USE = "account.use"
BUSY = frozenset({ErrorCode.RATE_LIMIT_EXCEEDED, ErrorCode.SERVICE_UNAVAILABLE})
COOKIE = frozenset({ErrorCode.AUTH_REFRESH_INVALID, ErrorCode.CSRF_FAILED, ErrorCode.ORIGIN_NOT_ALLOWED})
api = Api("accounts")


@api.post(
    "/auth/sign-up", public="has no account yet", idempotent=False, budget=MAIL, status=202,
    body=faces.SignUp, answers=faces.MailOnItsWay, refuses=BUSY,
)  # fmt: skip
def ask_for_account(body: faces.SignUp) -> faces.MailOnItsWay:
    """Sign up.

    A mail asks to confirm the address. When it has an account already, its owner is told instead.
    """
    sign_up.sign_up(database(), client_of_request(), email=body.email, name=body.name, password=body.password)
    return faces.MailOnItsWay()


@api.post(
    "/auth/verify-email", public="brings a mailed token", idempotent=False, budget=MAILED_TOKEN,
    body=faces.OwnPassword, refuses=BUSY,
)  # fmt: skip
def confirm_address(body: faces.OwnPassword) -> None:
    """Confirm an e-mail address by the mailed link, with the password that was chosen when signing up.

    Another password is refused, and the link stays good. Who has the mailbox can choose a new one by a reset, which
    confirms the address as well.
    """
    sign_up.verify_email(database(), token=body.token, password=body.password)


@api.post(
    "/auth/sign-in", public="brings a password", idempotent=False, budget=SIGN_IN,
    body=faces.SignIn, answers=faces.AccessToken,
    refuses=BUSY | {ErrorCode.AUTH_CREDENTIALS_INVALID, ErrorCode.AUTH_MFA_REQUIRED, ErrorCode.FORBIDDEN},
)  # fmt: skip
def enter(body: faces.SignIn) -> faces.AccessToken:
    """Sign in with e-mail address and password.

    Sets the refresh cookie. AUTH_MFA_REQUIRED: go on at /auth/sign-in/code. `remember` keeps the person signed in
    for 30 days instead of 24 hours.
    """
    welcome = sign_in.sign_in(
        database(), client_of_request(), email=body.email, password=body.password, remember=body.remember
    )
    if isinstance(welcome, CodeWanted):
        cookies.set_ticket(welcome.ticket)
        raise MfaRequired
    cookies.set_device(welcome.device_cookie)
    return entered(welcome.signed_in)


@api.post(
    "/auth/refresh", public="brings the refresh cookie", idempotent=False, answers=faces.AccessToken,
    refuses=COOKIE | {ErrorCode.AUTH_REFRESH_REUSED, ErrorCode.AUTH_SESSION_EXPIRED},
)  # fmt: skip
def renew() -> faces.AccessToken:
    """Exchange the refresh cookie for a new one and a new access token.

    Each is good once: when one comes a second time the session is ended, for somebody has a copy.
    """
    return entered(sign_in.refresh(database(), client_of_request(), _own_refresh_token()))


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


@api.post(
    "/auth/switch", requires=USE, idempotent=False,
    body=faces.SwitchMerchant, answers=faces.AccessToken, refuses={ErrorCode.NOT_FOUND},
)  # fmt: skip
def change_merchant(session: Session, body: faces.SwitchMerchant) -> faces.AccessToken:
    """Get an access token for another business of the person."""
    return access_token(sessions.switch_merchant(session, session_of(principal()), body.merchant_id))


@api.post(
    "/merchants", requires="merchants.open", idempotent=False, status=201,
    body=faces.BusinessBody, answers=faces.TeamFace, refuses={ErrorCode.CONFLICT},
)  # fmt: skip
def open_business(body: faces.BusinessBody, key: str) -> faces.TeamFace:
    """Open a business, and be its owner.

    Its own token comes from `/auth/switch`; an owner then sets up an authenticator. Five in a day, at most. The same
    key means the same business.
    """
    merchant_id = opening.open_business(database(), principal().user_id, key, Business(**body.model_dump()))
    return faces.TeamFace(merchant_id=merchant_id, name=body.name, role="owner", status="active")


@api.get("/auth/sessions", requires=USE, answers=faces.Sessions)
def list_sessions(session: Session) -> faces.Sessions:
    """List the person's sessions."""
    mine = session_of(principal())
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


@api.post("/auth/password", requires=USE, idempotent=False, budget=SIGN_IN, body=faces.ChangePassword, refuses=BUSY)
def change_password(body: faces.ChangePassword) -> None:
    """Change the password. The person's other sessions end."""
    who = principal()
    sign_up.change_password(
        database(),
        client_of_request(),
        user_id=who.user_id,
        session_id=session_of(who),
        present=body.password,
        wanted=body.new_password,
    )


@api.post(
    "/auth/password-reset", public="cannot sign in", idempotent=False, budget=MAIL, status=202,
    body=faces.EmailOnly, answers=faces.MailOnItsWay, refuses=BUSY,
)  # fmt: skip
def ask_for_reset(body: faces.EmailOnly) -> faces.MailOnItsWay:
    """Ask for a link to choose a new password."""
    sign_up.ask_for_reset(database(), client_of_request(), email=body.email)
    return faces.MailOnItsWay()


@api.post(
    "/auth/password-reset/confirm", public="brings a mailed token", idempotent=False, budget=MAILED_TOKEN,
    body=faces.NewPassword, refuses=BUSY,
)  # fmt: skip
def choose_new_password(body: faces.NewPassword) -> None:
    """Choose a new password by the mailed link. Every session ends; sign in afterwards."""
    cookies.set_device(sign_up.reset_password(database(), token=body.token, password=body.password))


def _own_refresh_token() -> str:
    """The cookie's, once it is clear that our own page sent it. Raises OriginRefused, RefreshInvalid, CsrfFailed."""
    cookies.require_own_page()
    token = cookies.sent(cookies.REFRESH)
    presented = refresh_tokens.read(key_for(database(), "refresh token"), token)
    cookies.require_csrf_token(csrf_token(database(), presented.session_id))
    return token
