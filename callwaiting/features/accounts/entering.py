"""What the routes of accounts have in common: who asks, and what somebody who has signed in is given."""

from __future__ import annotations

from uuid import UUID

from flask import request

from callwaiting.core.http import cookies
from callwaiting.core.http.auth import PermissionMissing, Principal
from callwaiting.core.http.cookies import SignInCookies
from callwaiting.core.http.limits import client_network
from callwaiting.features.accounts.clients import Client
from callwaiting.features.accounts.schemas import AccessToken
from callwaiting.features.accounts.sessions import SignedIn


def client_of_request() -> Client:
    return Client(client_network(), request.headers.get("User-Agent", "")[:500], cookies.sent(cookies.DEVICE))


def session_of(who: Principal) -> UUID:
    """The id of the principal's session. Raises PermissionMissing for a machine, which has none."""
    if who.session is None:
        raise PermissionMissing("a machine has no session")
    return who.session.session_id


def entered(signed_in: SignedIn) -> AccessToken:
    """The cookies of a sign-in go with the answer."""
    cookies.set_sign_in(SignInCookies(signed_in.refresh_token, signed_in.csrf_token, signed_in.remembered))
    return access_token(signed_in)


def access_token(signed_in: SignedIn) -> AccessToken:
    return AccessToken(
        access_token=signed_in.access_token,
        expires_in=signed_in.expires_in,
        csrf_token=signed_in.csrf_token,
        merchant_id=signed_in.merchant_id,
        role=signed_in.role,
    )
