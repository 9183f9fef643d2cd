"""Forged and stale access tokens: each is refused with the same answer, whatever is wrong with it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_jwt_extended import create_access_token

SECRET = b"signing-key-of-the-tests-0123456789abcdef"
PATH = "/api/probe/mine"
Token = Callable[[], str]


def encode(part: object) -> str:
    text = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def claims(**changes: object) -> dict[str, object]:
    now = int(time.time())
    whole: dict[str, object] = {
        "iss": "callwaiting-ai", "aud": "callwaiting-ai-users", "sub": "u1", "mid": str(uuid4()), "role": "owner",
        "iat": now, "nbf": now, "exp": now + 600, "jti": str(uuid4()), "type": "access", "fresh": False,
    }  # fmt: skip
    return {key: value for key, value in (whole | changes).items() if value is not ...}


def sign(
    payload: object, header: dict[str, object] | None = None, secret: bytes = SECRET, digest: str = "sha256"
) -> str:
    signed = f"{encode({'alg': 'HS256', 'typ': 'JWT', 'kid': 't1'} if header is None else header)}.{encode(payload)}"
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), digest))}"


def get(client: FlaskClient, token: str) -> Any:
    return client.get(PATH, headers={"Authorization": f"Bearer {token}"})


def test_rightful_token_opens(client: FlaskClient) -> None:
    mine = claims()

    answer = get(client, sign(mine))

    assert answer.status_code == 200
    assert answer.get_json() == {"user": "u1", "merchant": mine["mid"], "role": "owner"}


@pytest.mark.parametrize("role", ["owner", "admin", "agent", "viewer"])
def test_issued_token_opens(app: Flask, client: FlaskClient, role: str) -> None:
    with app.app_context():
        token = create_access_token("operator", additional_claims={"mid": str(uuid4()), "role": role})

    assert get(client, token).status_code == 200


FORGED: dict[str, Token] = {
    "alg none": lambda: f"{encode({'alg': 'none', 'kid': 't1'})}.{encode(claims())}.",
    "alg None, signed": lambda: sign(claims(), {"alg": "nOnE", "kid": "t1"}),
    "alg HS512": lambda: sign(claims(), {"alg": "HS512", "kid": "t1"}, digest="sha512"),
    "alg HS384": lambda: sign(claims(), {"alg": "HS384", "kid": "t1"}, digest="sha384"),
    "alg RS256": lambda: sign(claims(), {"alg": "RS256", "kid": "t1"}),
    "alg absent": lambda: sign(claims(), {"kid": "t1"}),
    "alg a list": lambda: sign(claims(), {"alg": ["HS256"], "kid": "t1"}),
    "empty secret": lambda: sign(claims(), secret=b""),
    "other secret": lambda: sign(claims(), secret=b"x" * 40),
    "kid as secret": lambda: sign(claims(), secret=b"t1"),
    "kid unknown": lambda: sign(claims(), {"alg": "HS256", "kid": "t2"}),
    "kid a path": lambda: sign(claims(), {"alg": "HS256", "kid": "../../dev/null"}, secret=b""),
    "kid SQL": lambda: sign(claims(), {"alg": "HS256", "kid": "' or 1=1 --"}),
    "kid a list": lambda: sign(claims(), {"alg": "HS256", "kid": ["t1"]}),
    "kid a number": lambda: sign(claims(), {"alg": "HS256", "kid": 1}),
    "kid huge": lambda: sign(claims(), {"alg": "HS256", "kid": "t" * 10_000}),
    "jwk in header": lambda: sign(claims(), {"alg": "HS256", "jwk": {"kty": "oct", "k": "AA"}}, secret=b"\0"),
    "jku in header": lambda: sign(claims(), {"alg": "HS256", "kid": "x", "jku": "http://127.0.0.1:9/"}, secret=b"x"),
    "crit in header": lambda: sign(claims(), {"alg": "HS256", "kid": "t1", "crit": ["x"], "x": 1}),
    "header a list": lambda: f"{encode(['HS256'])}.{encode(claims())}.{encode(b'x')}",
    "iss other": lambda: sign(claims(iss="someone")),
    "aud other": lambda: sign(claims(aud="someone")),
    "aud other among": lambda: sign(claims(aud=["someone", "else"])),
    **{
        f"no {name}": lambda name=name: sign(claims(**{name: ...}))  # type: ignore[misc]  # bound per name
        for name in ("iss", "aud", "sub", "mid", "role", "iat", "nbf", "exp", "jti", "type")
    },
    "type refresh": lambda: sign(claims(type="refresh")),
    "type other": lambda: sign(claims(type="mfa")),
    "lives too long": lambda: sign(claims(exp=int(time.time()) + 86_400)),
    "exp a text": lambda: sign(claims(exp="never")),
    "exp infinite": lambda: sign(json.dumps(claims(exp=0)).replace('"exp": 0', '"exp": Infinity').encode()),
    "iat a text": lambda: sign(claims(iat="now")),
    "nbf in the future": lambda: sign(claims(nbf=int(time.time()) + 300)),
    "iat in the future": lambda: sign(claims(iat=int(time.time()) + 300, exp=int(time.time()) + 400)),
    "sub a number": lambda: sign(claims(sub=7)),
    "sub empty": lambda: sign(claims(sub="")),
    "sub a list": lambda: sign(claims(sub=["u1"])),
    "mid no uuid": lambda: sign(claims(mid="1")),
    "mid null": lambda: sign(claims(mid=None)),
    "mid a list": lambda: sign(claims(mid=[str(uuid4())])),
    "role a list": lambda: sign(claims(role=["owner"])),
    "payload a list": lambda: sign(["owner"]),
    "payload empty": lambda: sign({}),
    "payload no JSON": lambda: sign(b"{"),
    "signature cut": lambda: sign(claims())[:-4],
    "signature empty": lambda: sign(claims()).rsplit(".", 1)[0] + ".",
    "signature absent": lambda: sign(claims()).rsplit(".", 1)[0],
    "four parts": lambda: sign(claims()) + ".x",
    "payload exchanged": lambda: ".".join((*sign(claims()).split(".")[:1], encode(claims()), encode(b"x" * 32))),
    "signature of another": lambda: ".".join((*sign(claims()).split(".")[:2], sign(claims()).split(".")[2])),
    "md5 of secret": lambda: sign(claims(), secret=hashlib.md5(SECRET).digest()),
    "no token at all": lambda: "x",
    "dots": lambda: "..",
    "not ASCII": lambda: "tök.en.x",
    "huge": lambda: "x" * 100_000,
}  # fmt: skip


@pytest.mark.parametrize("how", FORGED)
def test_forged_token_is_refused(client: FlaskClient, how: str) -> None:
    answer = get(client, FORGED[how]())
    body = answer.get_json()

    assert answer.status_code == 401
    assert body["code"] == "AUTH_TOKEN_INVALID"
    assert body.keys() == {"error", "message", "code", "request_id"}
    assert (body["error"], body["message"]) == ("Unauthorized", "The access token is not valid.")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.headers["Cache-Control"] == "no-store"


def test_expired_token_says_so(client: FlaskClient) -> None:
    now = int(time.time())

    answer = get(client, sign(claims(iat=now - 700, nbf=now - 700, exp=now - 100)))

    assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_TOKEN_EXPIRED")


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
def test_token_elsewhere_or_absent_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    token = sign(claims())
    headers = {name: value.replace("TOKEN", token) for name, value in headers.items()}

    answer = client.get(f"{PATH}?jwt={token}&access_token={token}", headers=headers)

    assert answer.status_code == 401
    assert answer.get_json()["code"] in {"AUTH_TOKEN_MISSING", "AUTH_TOKEN_INVALID"}


@pytest.mark.parametrize("role", ["", "nobody", "OWNER", "system"])
def test_role_without_the_permission_is_forbidden(client: FlaskClient, role: str) -> None:
    answer = get(client, sign(claims(role=role)))

    assert (answer.status_code, answer.get_json()["code"]) == (403, "FORBIDDEN")
