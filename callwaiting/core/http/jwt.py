"""Access tokens on flask-jwt-extended, stricter than its defaults.

By default the library takes a signed token without `exp`, `jti` or `type`. What it raises becomes an answer of ours
in `auth.verified_claims`. Sessions and refresh come with accounts; until then an operator issues tokens on the command
line.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_jwt_extended import JWTManager

from callwaiting.core.http.auth import TokenRefused
from callwaiting.core.settings import Settings

ISSUER = "callwaiting-ai"
AUDIENCE = "callwaiting-ai-users"
LIFETIME = timedelta(minutes=10)
REQUIRED_CLAIMS = frozenset({"exp", "iat", "nbf", "jti", "sub", "mid", "role", "iss", "aud", "type"})


def configure(app: Flask, jwt: JWTManager, settings: Settings) -> None:
    """The first of the settings' keys signs; all verify."""
    keys = settings.jwt_secrets()
    signing_kid = next(iter(keys))
    app.config.update(
        JWT_ALGORITHM="HS256",
        JWT_DECODE_ALGORITHMS=["HS256"],
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ACCESS_TOKEN_EXPIRES=LIFETIME,
        JWT_ENCODE_ISSUER=ISSUER,
        JWT_DECODE_ISSUER=ISSUER,
        JWT_ENCODE_AUDIENCE=AUDIENCE,
        JWT_DECODE_AUDIENCE=AUDIENCE,
        JWT_SECRET_KEY=keys[signing_kid],
        PROPAGATE_EXCEPTIONS=False,
    )
    jwt.init_app(app)

    def decode_key(headers: dict[str, Any], claims: dict[str, Any]) -> bytes:
        kid = headers.get("kid", signing_kid)
        if not isinstance(kid, str) or kid not in keys or headers.get("alg") != "HS256":
            raise TokenRefused("unknown key or algorithm")
        # Here the claims are still as they were sent; after this the library fills in an absent `jti` and `type`.
        if not claims.keys() >= REQUIRED_CLAIMS or not claims["jti"] or claims["type"] != "access":
            raise TokenRefused("a claim is absent or not an access token's")
        return keys[kid]

    def short_lived(_: dict[str, Any], claims: dict[str, Any]) -> bool:
        return bool(claims["exp"] - claims["iat"] <= LIFETIME.total_seconds())

    jwt.decode_key_loader(decode_key)
    jwt.token_verification_loader(short_lived)
