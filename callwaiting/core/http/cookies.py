"""The cookies of a sign-in, and the proof that a request which uses them comes from our own pages.

Names start with `__Host-`: the browser then insists on Secure, on our host alone and on the path `/`. Plain http has
no Secure cookies, so under an http PUBLIC_BASE_URL, which production refuses, the prefix and Secure are left out.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from flask import Response, after_this_request, request

from callwaiting.core.errors import CallwaitingError, ErrorCode
from callwaiting.core.http.context import settings
from callwaiting.core.http.limits import UnsupportedMediaType

CLEARED = '"cache", "storage"'  # W3C Clear Site Data, 3.1
REFRESH, CSRF, DEVICE, TICKET = "cw_rt", "cw_csrf", "cw_dev", "cw_mfa"
CSRF_HEADER = "X-CSRF-Token"
REMEMBERED_SECONDS = 30 * 86_400
DEVICE_SECONDS = 365 * 86_400
TICKET_SECONDS = 300
OURS = {"same-origin", "same-site"}


class OriginRefused(CallwaitingError):
    """The page that sends this is not one of ours."""

    code = ErrorCode.ORIGIN_NOT_ALLOWED
    reason = "http.origin_not_allowed"


class CsrfFailed(CallwaitingError):
    """The token that only our own pages can read is absent or another session's."""

    code = ErrorCode.CSRF_FAILED
    reason = "http.csrf_failed"


@dataclass(frozen=True, slots=True)
class SignInCookies:
    """`refresh_token` is for the browser alone; the page reads `csrf_token` and sends it back in a header."""

    refresh_token: str
    csrf_token: str
    remembered: bool


def name_of(cookie: str) -> str:
    return f"__Host-{cookie}" if _secure() else cookie


def sent(cookie: str) -> str:
    """What the request brought; empty when it brought none."""
    return request.cookies.get(name_of(cookie), "")


def set_sign_in(cookies: SignInCookies) -> None:
    """With the answer of this request. Without `remembered` they go when the browser closes."""
    age = REMEMBERED_SECONDS if cookies.remembered else None
    _set(REFRESH, cookies.refresh_token, age, http_only=True)
    _set(CSRF, cookies.csrf_token, age, http_only=False)


def set_device(value: str) -> None:
    _set(DEVICE, value, DEVICE_SECONDS, http_only=True)


def set_ticket(value: str) -> None:
    """What shows, between password and code, that the password was right."""
    _set(TICKET, value, TICKET_SECONDS, http_only=True)


def clear_ticket() -> None:
    _set(TICKET, "", 0, http_only=True)


def clear_sign_in() -> None:
    """And what else the browser keeps of us, but for its cookies: the device stays known."""
    for cookie in (REFRESH, CSRF):
        _set(cookie, "", 0, http_only=cookie == REFRESH)

    @after_this_request
    def clear(response: Response) -> Response:
        response.headers["Clear-Site-Data"] = CLEARED
        return response


def require_own_page() -> None:
    """Raises OriginRefused unless the Origin is exactly ours, and UnsupportedMediaType unless JSON is declared, which
    no form of another site can do."""
    allowed = {settings().public_base_url, *settings().cors_origins}
    if request.headers.get("Origin") not in allowed or request.headers.get("Sec-Fetch-Site", "same-origin") not in OURS:
        raise OriginRefused
    if request.mimetype != "application/json":
        raise UnsupportedMediaType


def require_csrf_token(expected: str) -> None:
    """Raises CsrfFailed. The token in the header is bound to the session; that of the cookie must be the same."""
    header = request.headers.get(CSRF_HEADER, "").encode()
    for shown in (header, sent(CSRF).encode()):
        if not hmac.compare_digest(shown, expected.encode()):
            raise CsrfFailed


def _set(cookie: str, value: str, age: int | None, *, http_only: bool) -> None:
    secure = _secure()

    def add(response: Response) -> Response:
        response.set_cookie(
            f"__Host-{cookie}" if secure else cookie,
            value,
            max_age=age,
            path="/",
            secure=secure,
            httponly=http_only,
            samesite="Strict",
        )
        return response

    after_this_request(add)


def _secure() -> bool:
    return settings().public_base_url.startswith("https://")
