"""Access tokens on flask-jwt-extended, with every answer of the library replaced by ours.

By default the library takes a signed token without `exp`, `jti` or `type`, and answers a bad one with 422 and its own
text. Sessions and refresh come with accounts; until then an operator issues tokens on the command line.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, NoReturn

from flask import Flask
from flask_jwt_extended import JWTManager

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.auth import TokenRefused
from callwaiting.core.settings import Settings

ISSUER = "callwaiting-ai"
AUDIENCE = "callwaiting-ai-users"
LIFETIME = timedelta(minutes=10)
REQUIRED_CLAIMS = frozenset({"exp", "iat", "nbf", "jti", "sub", "mid", "role", "iss", "aud", "type"})


def configure(app: Flask, jwt: JWTManager, settings: Settings) -> None:
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

    def decode_key(headers: dict[str, Any], _: dict[str, Any]) -> bytes:
        kid = headers.get("kid", signing_kid)
        if not isinstance(kid, str) or kid not in keys or headers.get("alg") != "HS256":
            raise TokenRefused("unknown key or algorithm")
        return keys[kid]

    def complete(_: dict[str, Any], claims: dict[str, Any]) -> bool:
        return claims.keys() >= REQUIRED_CLAIMS and claims["exp"] - claims["iat"] <= LIFETIME.total_seconds()

    def refuse(*_: Any) -> NoReturn:
        raise TokenRefused("the token does not verify")

    def missing(_: str) -> NoReturn:
        raise TokenRefused(code=ErrorCode.AUTH_TOKEN_MISSING, reason="auth.token_missing")

    def expired(*_: Any) -> NoReturn:
        raise TokenRefused(code=ErrorCode.AUTH_TOKEN_EXPIRED, reason="auth.token_expired")

    jwt.decode_key_loader(decode_key)
    jwt.token_verification_loader(complete)
    jwt.token_verification_failed_loader(refuse)
    jwt.unauthorized_loader(missing)
    jwt.expired_token_loader(expired)
    jwt.invalid_token_loader(refuse)
    jwt.needs_fresh_token_loader(refuse)
    jwt.revoked_token_loader(refuse)
    jwt.user_lookup_error_loader(refuse)
