"""The second factor: entering its code, setting it up, and proving again who it is."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core.errors import Conflict, ErrorCode
from callwaiting.core.http import cookies
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import principal
from callwaiting.core.http.context import database
from callwaiting.core.http.rate_limits import CODE, SIGN_IN
from callwaiting.features.accounts import factors, factors_set_up, factors_sign_in, recovery_codes
from callwaiting.features.accounts import factors_schemas as faces
from callwaiting.features.accounts import step_up as again
from callwaiting.features.accounts.entering import access_token, client_of_request, entered, session_of
from callwaiting.features.accounts.schemas import AccessToken

USE = "account.use"
BUSY = frozenset({ErrorCode.RATE_LIMIT_EXCEEDED, ErrorCode.SERVICE_UNAVAILABLE})
api = Api("factors")


@api.post(
    "/auth/sign-in/code", public="brings the ticket that a right password gave", idempotent=False, budget=CODE,
    body=faces.EnterCode, answers=AccessToken, refuses=BUSY | {ErrorCode.AUTH_MFA_INVALID, ErrorCode.FORBIDDEN},
)  # fmt: skip
def enter_code(body: faces.EnterCode) -> AccessToken:
    """Finish a sign-in that was answered with AUTH_MFA_REQUIRED.

    The ticket is in a cookie that this answer set; it is good for five minutes and five tries.
    """
    ticket = cookies.sent(cookies.TICKET)
    welcome = factors_sign_in.enter_code(database(), client_of_request(), ticket=ticket, code=body.code)
    cookies.clear_ticket()
    cookies.set_device(welcome.device_cookie)
    return entered(welcome.signed_in)


@api.post(
    "/auth/step-up", requires=USE, idempotent=False, budget=SIGN_IN, body=faces.StepUp, answers=AccessToken,
    refuses=BUSY | {ErrorCode.AUTH_MFA_INVALID, ErrorCode.AUTH_CREDENTIALS_INVALID},
)  # fmt: skip
def prove_again(body: faces.StepUp) -> AccessToken:
    """Prove again who it is, after an answer of AUTH_STEP_UP_REQUIRED. The new token is good for that for 5 minutes."""
    who = principal()
    return access_token(
        again.step_up(
            database(),
            client_of_request(),
            user_id=who.user_id,
            session_id=session_of(who),
            password=body.password,
            code=body.code,
        )
    )


@api.get("/auth/factors", requires=USE, answers=faces.Factors)
def show_factors(session: Session) -> faces.Factors:
    """Show what the person has beside the password."""
    return faces.Factors(
        totp_since=factors.added_at(session),
        recovery_codes_left=recovery_codes.left(session),
        required=factors.must_enrol(session),
    )


@api.post("/auth/factors/totp", requires=USE, step_up=True, idempotent=False, status=201, answers=faces.NewFactorFace)
def begin_totp(session: Session) -> faces.NewFactorFace:
    """Begin to set up an authenticator. One that is there already goes on until the new one is confirmed."""
    made = factors.begin(session)
    return faces.NewFactorFace(secret=made.secret, uri=made.uri)


@api.post(
    "/auth/factors/totp/confirm", requires=USE, idempotent=False, body=faces.EnterCode, answers=faces.FactorAdded,
    refuses=BUSY | {ErrorCode.AUTH_MFA_INVALID, ErrorCode.CONFLICT},
)  # fmt: skip
def confirm_totp(body: faces.EnterCode) -> faces.FactorAdded:
    """Confirm the new authenticator by a code of it. The person's other sessions end; recovery codes are new."""
    who = principal()
    signed_in, codes = factors_set_up.confirm(
        database(), user_id=who.user_id, session_id=session_of(who), code=body.code
    )
    return faces.FactorAdded(recovery_codes=codes, access=access_token(signed_in))


@api.delete("/auth/factors/totp", requires=USE, step_up=True, refuses={ErrorCode.CONFLICT})
def remove_totp(session: Session) -> None:
    """Remove the authenticator and the recovery codes. Owners and operators set up another one instead."""
    if factors.must_enrol(session):
        raise Conflict("a factor is required", message="Your role requires one. Set up another one instead.")
    factors_set_up.remove(session, session_of(principal()))


@api.post(
    "/auth/recovery-codes", requires=USE, step_up=True, idempotent=False,
    answers=faces.RecoveryCodes, refuses={ErrorCode.CONFLICT},
)  # fmt: skip
def renew_recovery_codes(session: Session) -> faces.RecoveryCodes:
    """Get new recovery codes; the old ones are good no more."""
    if factors.added_at(session) is None:
        raise Conflict("no factor", message="Set up an authenticator first.")
    return faces.RecoveryCodes(recovery_codes=factors_set_up.renew_codes(session))
