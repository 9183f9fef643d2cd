"""Access tokens: signed here, verified by flask-jwt-extended and PyJWT, more strictly and in fewer steps than they do.

By default the libraries take a signed token without `exp`, `jti` or `type`. What they raise becomes an answer of ours
in `auth.verified_claims`. Keys come from a ring in the database; each process looks at it every half minute.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import jwt as pyjwt
import structlog
from flask import Flask, current_app
from flask_jwt_extended import JWTManager
from jwt import PyJWS, PyJWT
from jwt.algorithms import HMACAlgorithm
from jwt.types import SigOptions
from jwt.utils import force_bytes

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
EXTENSION = "access_tokens"
LEEWAY_SECONDS = 5  # between the clocks of two hosts
RELOAD_SECONDS = 30.0
MAX_VERIFIED = 4096
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


class OnePass(PyJWS):
    """Signatures by the ring's keys. PyJWT looks at each character of a token in Python, and at each use of a key
    whether it is a certificate in disguise; ours come from the ring, and the answers are the same."""

    def __init__(self, ring: SigningRing) -> None:
        super().__init__()
        self._ring = ring
        self.unregister_algorithm(ALGORITHM)
        self.register_algorithm(ALGORITHM, RingSecret(sha256))

    def _verify_signature(
        self,
        signing_input: bytes,
        header: dict[str, Any],
        signature: bytes,
        key: Any = "",
        algorithms: Sequence[str] | None = None,
        options: SigOptions | None = None,
    ) -> None:
        kid = header.get("kid")
        secret = self._ring.keys().secrets.get(kid) if isinstance(kid, str) else None
        if secret is None or header.get("alg") != ALGORITHM or header.get("typ") != TYPE:
            raise TokenRefused("unknown key, algorithm or type")
        super()._verify_signature(signing_input, header, signature, secret, [ALGORITHM], options)

    @staticmethod
    def _decode_base64url_segment(segment: bytes, name: str) -> bytes:
        try:
            decoded = base64.b64decode(segment + b"=" * (-len(segment) % 4), altchars=b"-_", validate=True)
        except binascii.Error as error:
            raise pyjwt.DecodeError(name) from error
        if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment:
            raise pyjwt.DecodeError(name)  # the same bytes have one spelling
        return decoded


class RingSecret(HMACAlgorithm):
    def prepare_key(self, key: str | bytes) -> bytes:
        """As the ring keeps it: 32 random bytes, made by us."""
        return force_bytes(key)


class Verified(NamedTuple):
    """What a token was found to say, and until when and by which key that holds."""

    claims: dict[str, Any]
    not_before: float
    until: float
    kid: str
    secret: bytes

    def holds(self, now: float, ring: SigningRing) -> bool:
        return self.not_before <= now < self.until and ring.keys().secrets.get(self.kid) == self.secret


class AccessTokens(PyJWT):
    """Verifies access tokens in one pass, and more strictly than PyJWT does by itself.

    A browser sends the same token for ten minutes. What was verified once is remembered by the token's hash, and holds
    while the ring still has the key and the token's own time has not run out; whether its session is alive is asked of
    the database at each request all the same.
    """

    def __init__(self, ring: SigningRing, *, longest_s: int) -> None:
        super().__init__()
        self._ring = ring
        self._jws = OnePass(ring)
        self._longest_s = longest_s
        self._verified: dict[bytes, Verified] = {}

    def claims_of(self, token: str) -> dict[str, Any]:
        """As `verify`; do not change what it returns."""
        digest = sha256(token.encode()).digest()
        known, now = self._verified.get(digest), time.time()
        if known is not None and known.holds(now, self._ring):
            return known.claims
        claims = self.verify(token)
        kid = claims["kid"]
        secret = self._ring.keys().secrets.get(kid, b"")
        found = Verified(claims, claims["nbf"] - LEEWAY_SECONDS, claims["exp"] + LEEWAY_SECONDS, kid, secret)
        if len(self._verified) >= MAX_VERIFIED:
            self._verified = {}  # the few that are in use are back with their next requests
        self._verified[digest] = found
        return claims

    def verify(self, token: str) -> dict[str, Any]:
        """The claims, and with them the `kid` of the key. Raises TokenRefused, PyJWTError, or what a claim of the
        wrong kind makes Python raise; ServiceUnavailable when no key can be read."""
        found = self.decode_complete(
            token, "", [ALGORITHM], None, audience=(AUDIENCE, OPERATORS), issuer=ISSUER, leeway=LEEWAY_SECONDS
        )
        claims: dict[str, Any] = found["payload"]
        if not claims.keys() >= REQUIRED_CLAIMS or not claims["jti"] or claims["type"] != "access":
            raise TokenRefused("a claim is absent or not an access token's")
        audience = OPERATORS if claims["role"] == Role.OPERATOR else AUDIENCE
        if claims["exp"] - claims["iat"] > self._longest_s or claims["aud"] != audience:
            raise TokenRefused("good for too long, or for others")
        return claims | {"kid": found["header"]["kid"]}


class TokenManager(JWTManager):
    """flask-jwt-extended, which decodes a token four times a request, three of them unverified: here it is once."""

    def _decode_jwt_from_config(
        self, encoded_token: str, csrf_value: object = None, allow_expired: bool = False
    ) -> dict[str, Any]:
        tokens: AccessTokens = current_app.extensions[EXTENSION]
        return tokens.claims_of(encoded_token)


def configure(app: Flask, jwt: JWTManager, settings: Settings, ring: SigningRing) -> None:
    """Verify by the ring's keys; tokens come in the header only."""
    app.config.update(
        JWT_ALGORITHM=ALGORITHM, JWT_DECODE_ALGORITHMS=[ALGORITHM], JWT_TOKEN_LOCATION=["headers"],
        PROPAGATE_EXCEPTIONS=False,
    )  # fmt: skip
    jwt.init_app(app)
    app.extensions["signing_ring"] = ring
    app.extensions[EXTENSION] = AccessTokens(ring, longest_s=settings.jwt_expires_in)
