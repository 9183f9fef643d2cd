"""Forged and stale access tokens: each is refused with the same answer, whatever is wrong with it."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jwt import PyJWTError

from callwaiting.core.http.auth import TokenRefused
from callwaiting.core.http.jwt import (
    LEEWAY_SECONDS,
    MAX_VERIFIED,
    REQUIRED_CLAIMS,
    AccessTokens,
    SigningKeys,
    SigningRing,
)
from callwaiting.core.tenancy import MerchantScope
from tests.factories.people import member_token

PATH = "/api/probe/mine"


@dataclass(frozen=True)
class Forge:
    """What a forger may know of a genuine sign-in: all of it but the key, and sometimes the key."""

    kid: str
    secret: bytes
    genuine: dict[str, Any]

    def claims(self, **changes: object) -> dict[str, object]:
        """Those of a genuine token issued now, with changes; an ellipsis leaves a claim out."""
        now = int(time.time())
        fresh = {"iat": now, "nbf": now, "exp": now + 600, "jti": uuid4().hex}
        return {key: value for key, value in (self.genuine | fresh | changes).items() if value is not ...}

    def header(self, **changes: object) -> dict[str, object]:
        whole = {"alg": "HS256", "typ": "at+jwt", "kid": self.kid} | changes
        return {key: value for key, value in whole.items() if value is not ...}

    def sign(
        self,
        payload: object,
        header: dict[str, object] | None = None,
        secret: bytes | None = None,
        digest: str = "sha256",
    ) -> str:
        signed = f"{encode(self.header() if header is None else header)}.{encode(payload)}"
        key = self.secret if secret is None else secret
        return f"{signed}.{encode(hmac.digest(key, signed.encode(), digest))}"


Token = Callable[[Forge], str]


def encode(part: object) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def respelt(token: str) -> str:
    """The same bytes: 43 characters hold two bits more than a signature has."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return token[:-1] + letters[letters.index(token[-1]) ^ 1]


def decode(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


@pytest.fixture
def token(app: Flask, merchant: MerchantScope) -> str:
    return member_token(app.extensions["database"], merchant, "owner")


@pytest.fixture
def forge(app: Flask, token: str) -> Forge:
    keys = app.extensions["signing_ring"].keys()
    return Forge(keys.signing, keys.secrets[keys.signing], decode(token.split(".")[1]))


def get(client: FlaskClient, token: str) -> Any:
    return client.get(PATH, headers={"Authorization": f"Bearer {token}"})


def test_issued_token_opens(client: FlaskClient, token: str, merchant: MerchantScope) -> None:
    answer = get(client, token)

    assert answer.status_code == 200
    assert (answer.get_json()["merchant"], answer.get_json()["role"]) == (str(merchant.merchant_id), "owner")


def test_issued_token_says_what_was_agreed_and_nothing_personal(token: str, forge: Forge) -> None:
    header, claims, _ = token.split(".")

    assert decode(header) == {"alg": "HS256", "typ": "at+jwt", "kid": forge.kid}
    assert decode(claims).keys() == REQUIRED_CLAIMS
    assert (decode(claims)["iss"], decode(claims)["aud"]) == ("callwaiting-ai", "callwaiting-ai-users")
    assert "@" not in json.dumps(decode(claims))
    assert "Maria" not in json.dumps(decode(claims))


def test_what_the_forge_makes_is_genuine_until_it_forges(client: FlaskClient, forge: Forge) -> None:
    assert get(client, forge.sign(forge.claims())).status_code == 200


FORGED: dict[str, Token] = {
    "alg none": lambda f: f"{encode(f.header(alg='none'))}.{encode(f.claims())}.",
    "alg NONE": lambda f: f"{encode(f.header(alg='NONE'))}.{encode(f.claims())}.",
    "alg nOnE, signed": lambda f: f.sign(f.claims(), f.header(alg="nOnE")),
    "alg HS512": lambda f: f.sign(f.claims(), f.header(alg="HS512"), digest="sha512"),
    "alg HS384": lambda f: f.sign(f.claims(), f.header(alg="HS384"), digest="sha384"),
    "alg RS256": lambda f: f.sign(f.claims(), f.header(alg="RS256")),
    "alg ES256, zero r and s": lambda f: f"{encode(f.header(alg='ES256'))}.{encode(f.claims())}.{encode(bytes(64))}",
    "alg absent": lambda f: f.sign(f.claims(), f.header(alg=...)),
    "alg a list": lambda f: f.sign(f.claims(), f.header(alg=["HS256"])),
    "typ JWT": lambda f: f.sign(f.claims(), f.header(typ="JWT")),
    "typ of a ticket": lambda f: f.sign(f.claims(), f.header(typ="mfa+jwt")),
    "typ absent": lambda f: f.sign(f.claims(), f.header(typ=...)),
    "empty secret": lambda f: f.sign(f.claims(), secret=b""),
    "other secret": lambda f: f.sign(f.claims(), secret=b"x" * 32),
    "kid as secret": lambda f: f.sign(f.claims(), secret=f.kid.encode()),
    "public key as secret": lambda f: f.sign(f.claims(), secret=b"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END"),
    "kid absent": lambda f: f.sign(f.claims(), f.header(kid=...)),
    "kid unknown": lambda f: f.sign(f.claims(), f.header(kid=str(uuid4()))),
    "kid a path": lambda f: f.sign(f.claims(), f.header(kid="../../dev/null"), secret=b""),
    "kid SQL": lambda f: f.sign(f.claims(), f.header(kid="' or 1=1 --")),
    "kid a list": lambda f: f.sign(f.claims(), f.header(kid=[f.kid])),
    "kid a number": lambda f: f.sign(f.claims(), f.header(kid=1)),
    "kid huge": lambda f: f.sign(f.claims(), f.header(kid="t" * 10_000)),
    "jwk in header": lambda f: f.sign(f.claims(), f.header(kid=..., jwk={"kty": "oct", "k": "AA"}), secret=b"\0"),
    "jku in header": lambda f: f.sign(f.claims(), f.header(kid="x", jku="http://127.0.0.1:9/"), secret=b"x"),
    "x5u in header": lambda f: f.sign(f.claims(), f.header(kid="x", x5u="http://127.0.0.1:9/"), secret=b"x"),
    "crit in header": lambda f: f.sign(f.claims(), f.header(crit=["x"], x=1)),
    "header a list": lambda f: f"{encode(['HS256'])}.{encode(f.claims())}.{encode(b'x')}",
    "iss other": lambda f: f.sign(f.claims(iss="someone")),
    "aud other": lambda f: f.sign(f.claims(aud="someone")),
    "aud of operators": lambda f: f.sign(f.claims(aud="callwaiting-ai-operators")),
    "aud both": lambda f: f.sign(f.claims(aud=["callwaiting-ai-users", "callwaiting-ai-operators"])),
    "aud other among": lambda f: f.sign(f.claims(aud=["someone", "else"])),
    **{
        f"no {name}": lambda f, name=name: f.sign(f.claims(**{name: ...}))  # type: ignore[misc]  # bound per name
        for name in sorted(REQUIRED_CLAIMS)
    },
    "type refresh": lambda f: f.sign(f.claims(type="refresh")),
    "type other": lambda f: f.sign(f.claims(type="mfa")),
    "lives too long": lambda f: f.sign(f.claims(exp=int(time.time()) + 86_400)),
    "exp a text": lambda f: f.sign(f.claims(exp="never")),
    "exp infinite": lambda f: f.sign(json.dumps(f.claims(exp=0)).replace('"exp": 0', '"exp": Infinity').encode()),
    "iat a text": lambda f: f.sign(f.claims(iat="now")),
    "iat infinite": lambda f: f.sign(json.dumps(f.claims(iat=0)).replace('"iat": 0', '"iat": -Infinity').encode()),
    "nbf in the future": lambda f: f.sign(f.claims(nbf=int(time.time()) + 300)),
    "iat in the future": lambda f: f.sign(f.claims(iat=int(time.time()) + 300, exp=int(time.time()) + 400)),
    "sub a number": lambda f: f.sign(f.claims(sub=7)),
    "sub empty": lambda f: f.sign(f.claims(sub="")),
    "sub no uuid": lambda f: f.sign(f.claims(sub="operator")),
    "sub a list": lambda f: f.sign(f.claims(sub=[f.genuine["sub"]])),
    "sid no uuid": lambda f: f.sign(f.claims(sid="1")),
    "sid a list": lambda f: f.sign(f.claims(sid=[f.genuine["sid"]])),
    "mid no uuid": lambda f: f.sign(f.claims(mid="1")),
    "mid null": lambda f: f.sign(f.claims(mid=None)),
    "mid a list": lambda f: f.sign(f.claims(mid=[f.genuine["mid"]])),
    "role a list": lambda f: f.sign(f.claims(role=["owner"])),
    "role operator": lambda f: f.sign(f.claims(role="operator")),
    "role operator, of operators": lambda f: f.sign(f.claims(role="operator", aud="callwaiting-ai-operators")),
    "role person": lambda f: f.sign(f.claims(role="person")),
    "ver a text": lambda f: f.sign(f.claims(ver="1")),
    "ver a boolean": lambda f: f.sign(f.claims(ver=True)),
    "ver too large": lambda f: f.sign(f.claims(ver=2**31)),
    "ver negative": lambda f: f.sign(f.claims(ver=-1)),
    "auth_time a text": lambda f: f.sign(f.claims(auth_time="now")),
    "auth_time infinite": lambda f: f.sign(
        json.dumps(f.claims(auth_time=0)).replace('"auth_time": 0', '"auth_time": Infinity').encode()
    ),
    "claims given twice": lambda f: f.sign((json.dumps(f.claims())[:-1] + ', "role": "operator"}').encode()),
    "payload a list": lambda f: f.sign(["owner"]),
    "payload empty": lambda f: f.sign({}),
    "payload no JSON": lambda f: f.sign(b"{"),
    "signature cut": lambda f: f.sign(f.claims())[:-4],
    "signature longer": lambda f: f.sign(f.claims()) + "AAAA",
    "signature spelt otherwise": lambda f: respelt(f.sign(f.claims())),
    "signature empty": lambda f: f.sign(f.claims()).rsplit(".", 1)[0] + ".",
    "signature absent": lambda f: f.sign(f.claims()).rsplit(".", 1)[0],
    "four parts": lambda f: f.sign(f.claims()) + ".x",
    "payload exchanged": lambda f: ".".join((f.sign(f.claims()).split(".")[0], encode(f.claims()), encode(b"x" * 32))),
    "signature of another": lambda f: ".".join((*f.sign(f.claims()).split(".")[:2], f.sign(f.claims()).split(".")[2])),
    "space inside": lambda f: f.sign(f.claims()).replace(".", " .", 1),
    "two tokens": lambda f: f"{f.sign(f.claims())}, {f.sign(f.claims())}",
    "no token at all": lambda f: "x",
    "dots": lambda f: "..",
    "not ASCII": lambda f: "tök.en.x",
    "huge": lambda f: "x" * 100_000,
    "a megabyte, signed": lambda f: f.sign(f.claims(filler="x" * 1_000_000)),
}


@pytest.mark.parametrize("how", FORGED)
def test_forged_token_is_refused(client: FlaskClient, forge: Forge, how: str) -> None:
    answer = get(client, FORGED[how](forge))
    body = answer.get_json()

    assert answer.status_code == 401
    assert body["code"] == "AUTH_TOKEN_INVALID"
    assert body.keys() == {"error", "message", "code", "request_id"}
    assert (body["error"], body["message"]) == ("Unauthorized", "The access token is not valid.")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Cache-Control"] == "no-store"


def test_expired_token_says_so(client: FlaskClient, forge: Forge) -> None:
    now = int(time.time())

    answer = get(client, forge.sign(forge.claims(iat=now - 700, nbf=now - 700, exp=now - 100)))

    assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_TOKEN_EXPIRED")


def test_token_that_was_good_before_expires_all_the_same(client: FlaskClient, forge: Forge) -> None:
    """What was verified is remembered, but no longer than it holds."""
    now = int(time.time())
    token = forge.sign(forge.claims(iat=now - 600, nbf=now - 600, exp=now - LEEWAY_SECONDS + 2))
    assert get(client, token).status_code == get(client, token).status_code == 200

    time.sleep(2.1)

    answer = get(client, token)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_TOKEN_EXPIRED")


def test_token_that_was_good_before_is_not_without_its_key(forge: Forge) -> None:
    ring = SigningRing(lambda: keys)
    keys = SigningKeys(forge.kid, {forge.kid: forge.secret})
    tokens = AccessTokens(ring, longest_s=600)
    token = forge.sign(forge.claims())
    assert tokens.claims_of(token) == tokens.claims_of(token)

    for others in ({"another": b"x" * 32}, {forge.kid: b"x" * 32}):
        keys = SigningKeys("another", others)
        ring._until = 0.0
        with pytest.raises((TokenRefused, PyJWTError)):
            tokens.claims_of(token)


def test_what_is_remembered_is_bounded(forge: Forge) -> None:
    ring = SigningRing(lambda: SigningKeys(forge.kid, {forge.kid: forge.secret}))
    tokens = AccessTokens(ring, longest_s=600)
    for _ in range(MAX_VERIFIED + 10):
        tokens.claims_of(forge.sign(forge.claims()))

    assert len(tokens._verified) <= MAX_VERIFIED


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Basic dTpw"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Cookie": "access_token_cookie=TOKEN"},
        {"Authorization": "TOKEN"},
        {"X-Access-Token": "TOKEN"},
    ],
)
def test_token_elsewhere_or_absent_is_refused(client: FlaskClient, token: str, headers: dict[str, str]) -> None:
    headers = {name: value.replace("TOKEN", token) for name, value in headers.items()}

    answer = client.get(f"{PATH}?jwt={token}&access_token={token}", headers=headers)

    assert answer.status_code == 401
    assert answer.get_json()["code"] in {"AUTH_TOKEN_MISSING", "AUTH_TOKEN_INVALID"}


@pytest.mark.parametrize("role", ["", "nobody", "OWNER", "system"])
def test_role_without_the_permission_is_forbidden(client: FlaskClient, forge: Forge, role: str) -> None:
    answer = get(client, forge.sign(forge.claims(role=role)))

    assert (answer.status_code, answer.get_json()["code"]) == (403, "FORBIDDEN")
