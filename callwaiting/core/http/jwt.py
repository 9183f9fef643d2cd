"""Access tokens: signed here, verified by flask-jwt-extended, stricter than its defaults.

By default the library takes a signed token without `exp`, `jti` or `type`. What it raises becomes an answer of ours
in `auth.verified_claims`. Keys come from a ring in the database; each process looks at it every half minute.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import jwt as pyjwt
import structlog
from flask import Flask
from flask_jwt_extended import JWTManager

from callwaiting.core import clock
from callwaiting.core.errors import ServiceUnavailable
from callwaiting.core.http.auth import TokenRefused
from callwaiting.core.http.permissions import Role
from callwaiting.core.ids import new_id
from callwaiting.core.settings import Settings

ISSUER = "callwaiting-ai"
AUDIENCE = "callwaiting-ai-users"
OPERATORS = "callwaiting-ai-operators"
TYPE = "at+jwt"
ALGORITHM = "HS256"
LEEWAY_SECONDS = 5  # between the clocks of two hosts
RELOAD_SECONDS = 30.0
REQUIRED_CLAIMS = frozenset(
    {"iss", "aud", "sub", "jti", "iat", "nbf", "exp", "sid", "mid", "role", "ver", "amr", "auth_time", "type"}
)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The keys that verify, by kid, and the one that signs."""

    signing: str
    secrets: Mapping[str, bytes]


class SigningRing:
    """The keys as this process knows them: as old as half a minute, older only while they cannot be read.

    A new key is published that long before it signs, so that every process knows it by then. A revoked key needs no
    reload: the begin statement of every request asks for the state of the key.
    """

    def __init__(self, load: Callable[[], SigningKeys]) -> None:
        self._load = load
        self._keys: SigningKeys | None = None
        self._until = 0.0
        self._lock = threading.Lock()

    def keys(self) -> SigningKeys:
        """Raises ServiceUnavailable when there are no keys, or none can be read."""
        keys = self._keys
        if keys is not None and time.monotonic() < self._until:
            return keys
        with self._lock:
            if self._keys is not None and time.monotonic() < self._until:
                return self._keys
            try:
                self._keys = self._load()
            except ServiceUnavailable:
                if self._keys is None:
                    raise
                log.warning("signing_keys.stale")
            self._until = time.monotonic() + RELOAD_SECONDS
            return self._keys


@dataclass(frozen=True, slots=True)
class TokenSubject:
    """Whom an access token is for. Without a merchant: an operator, or a person in no team (yet)."""

    user_id: UUID
    session_id: UUID
    merchant_id: UUID | None
    role: str
    membership_version: int
    amr: tuple[str, ...]
    auth_time: datetime


def issue(keys: SigningKeys, subject: TokenSubject, *, lifetime_s: int) -> str:
    """An access token, good for `lifetime_s` seconds from now. It holds no personal data."""
    now = int(clock.now().timestamp())
    claims = {
        "iss": ISSUER,
        "aud": OPERATORS if subject.role == Role.OPERATOR else AUDIENCE,
        "sub": str(subject.user_id),
        "jti": new_id().hex,
        "iat": now,
        "nbf": now,
        "exp": now + lifetime_s,
        "sid": str(subject.session_id),
        "mid": str(subject.merchant_id) if subject.merchant_id else None,
        "role": subject.role,
        "ver": subject.membership_version,
        "amr": list(subject.amr),
        "auth_time": int(subject.auth_time.timestamp()),
        "type": "access",
    }
    header = {"kid": keys.signing, "typ": TYPE}
    return pyjwt.encode(claims, keys.secrets[keys.signing], ALGORITHM, headers=header)


def configure(app: Flask, jwt: JWTManager, settings: Settings, ring: SigningRing) -> None:
    """Verify by the ring's keys, in the header only."""
    app.config.update(
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_TOKEN_LOCATION=["headers"],
        JWT_DECODE_ISSUER=ISSUER,
        JWT_DECODE_AUDIENCE=[AUDIENCE, OPERATORS],
        JWT_DECODE_LEEWAY=LEEWAY_SECONDS,
        PROPAGATE_EXCEPTIONS=False,
    )
    jwt.init_app(app)
    app.extensions["signing_ring"] = ring
    longest = settings.jwt_expires_in

    def decode_key(headers: dict[str, Any], claims: dict[str, Any]) -> bytes:
        kid = headers.get("kid")
        secret = ring.keys().secrets.get(kid) if isinstance(kid, str) else None
        if secret is None or headers.get("alg") != ALGORITHM or headers.get("typ") != TYPE:
            raise TokenRefused("unknown key, algorithm or type")
        # Here the claims are still as they were sent; after this the library fills in an absent `jti` and `type`.
        if not claims.keys() >= REQUIRED_CLAIMS or not claims["jti"] or claims["type"] != "access":
            raise TokenRefused("a claim is absent or not an access token's")
        return secret

    def rightful(_: dict[str, Any], claims: dict[str, Any]) -> bool:
        audience = OPERATORS if claims["role"] == Role.OPERATOR else AUDIENCE
        return bool(claims["exp"] - claims["iat"] <= longest and claims["aud"] == audience)

    jwt.decode_key_loader(decode_key)
    jwt.token_verification_loader(rightful)
