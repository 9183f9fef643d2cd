"""Headers, request ids, hosts, proxies and origins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from callwaiting.core.settings import load
from callwaiting.factory import Runtime, create_app
from tests.core.probe import add_routes

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, idempotency-key",
}
MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def client_of(environment: dict[str, str], worker: Runtime) -> Iterator[MakeClient]:
    """Clients of applications with other settings."""
    made: list[Flask] = []

    def make(**variables: str) -> FlaskClient:
        app = create_app(load({**environment, **variables}))
        add_routes(app)
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        app.extensions["database"].dispose()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/health"),
        ("GET", "/api/probe/open"),
        ("HEAD", "/api/probe/open"),
        ("OPTIONS", "/api/probe/open"),
        ("GET", "/nowhere"),
        ("DELETE", "/api/probe/open"),
        ("GET", "/api/probe/fail/crash"),
        ("GET", "/api/probe/mine"),
        ("POST", "/webhooks/stripe/unknown"),
        ("GET", "/p/unknown"),
        ("GET", "/r/unknown"),
    ],
)
def test_headers_stand_on_every_answer(client: FlaskClient, method: str, path: str) -> None:
    answer = client.open(path, method=method)

    pages = {"Content-Security-Policy"} if path.startswith(("/p/", "/r/")) else set()
    assert {name: answer.headers.getlist(name) for name in HEADERS.keys() - pages} == {
        name: [value] for name, value in HEADERS.items() if name not in pages
    }
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "Server" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_hsts_only_where_we_are_served_by_https(client: FlaskClient, client_of: MakeClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/health").headers
    secured = client_of(PUBLIC_BASE_URL="https://callwaiting.test").get("/health", base_url="https://callwaiting.test")
    assert secured.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


@pytest.mark.parametrize("offered", ["abcdefgh", "A-b_c.1234567", "x" * 64])
def test_well_formed_request_id_is_kept(client: FlaskClient, offered: str) -> None:
    assert client.get("/health", headers={"X-Request-ID": offered}).headers.getlist("X-Request-ID") == [offered]


@pytest.mark.parametrize(
    "offered", ["", "short", "x" * 65, "with space", "a" * 20 + "\u00e9", "<script>", "a/b/c/d/e/f"]
)
def test_other_request_id_is_replaced(client: FlaskClient, offered: str) -> None:
    answer = client.get("/nowhere", headers={"X-Request-ID": offered})

    assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-ID"])
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]


def test_every_request_has_an_id_of_its_own(client: FlaskClient) -> None:
    assert len({client.get("/health").headers["X-Request-ID"] for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("host", "served"),
    [
        ("callwaiting.test", True),
        ("callwaiting.test:8000", True),
        ("evil.example.com", False),
        ("callwaiting.test.evil.example.com", False),
        ("127.0.0.1", False),
    ],
)
def test_only_trusted_hosts_are_served(client_of: MakeClient, host: str, served: bool) -> None:
    answer = client_of(TRUSTED_HOSTS="callwaiting.test").get("/api/probe/open", headers={"Host": host})

    if served:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 400
        assert answer.get_json()["code"] == "HOST_NOT_ALLOWED"


def test_forwarded_address_counts_only_behind_a_configured_proxy(client_of: MakeClient) -> None:
    forged = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil"}

    alone = client_of().get("/api/probe/open", headers=forged).get_json()
    behind = client_of(TRUSTED_PROXIES="1").get("/api/probe/open", headers=forged).get_json()

    assert (alone["address"], alone["scheme"]) == ("127.0.0.1", "http")
    assert (behind["address"], behind["scheme"]) == ("198.51.100.7", "https")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://app.example.com", True),
        ("http://app.example.com", False),
        ("https://app.example.com.evil.com", False),
        ("https://appXexample.com", False),
        ("https://app.example.com:8443", False),
        ("https://sub.app.example.com", False),
        ("null", False),
        ("*", False),
    ],
)
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_only_literal_origins_are_allowed(client_of: MakeClient, origin: str, allowed: bool, method: str) -> None:
    client = client_of(CORS_ORIGINS="https://app.example.com")
    answer = client.open(
        "/api/probe/open", method=method, headers={"Origin": origin, **(PREFLIGHT if method == "OPTIONS" else {})}
    )

    granted = answer.headers.get("Access-Control-Allow-Origin")
    assert granted == (origin if allowed else None)
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert ("Access-Control-Allow-Methods" in answer.headers) == (allowed and method == "OPTIONS")


@pytest.mark.parametrize("path", ["/api/probe/open", "/api/probe/mine"])
def test_browser_may_ask_before_it_sends_a_token(client_of: MakeClient, path: str) -> None:
    """A preflight never brings one, and a browser takes nothing but success for a yes (Fetch, 4.8)."""
    client = client_of(CORS_ORIGINS="https://app.example.com")
    answer = client.options(path, headers={"Origin": "https://app.example.com", **PREFLIGHT})

    assert (answer.status_code, answer.get_data()) == (200, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert "authorization" in answer.headers["Access-Control-Allow-Headers"].lower()
    assert client.get(path, headers={"Origin": "https://app.example.com"}).status_code == (
        200 if path == "/api/probe/open" else 401
    )
    assert client.options("/api/probe/forgotten").status_code == 404


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        ("/api/v1/auth/refresh", "https://app.example.com", True),
        ("/api/v1/auth/refresh", "https://evil.example.com", False),
        ("/api/v1/orders", "https://app.example.com", False),
    ],
)
def test_cookies_of_another_origin_are_for_signing_in_alone(
    client_of: MakeClient, path: str, origin: str, allowed: bool
) -> None:
    client = client_of(CORS_ORIGINS="https://app.example.com")
    for answer in (
        client.options(path, headers={"Origin": origin, **PREFLIGHT}),
        client.post(path, json={}, headers={"Origin": origin}),
    ):
        assert (answer.headers.get("Access-Control-Allow-Credentials") == "true") == allowed


@pytest.mark.parametrize("path", ["/health", "/webhooks/stripe/unknown", "/p/unknown", "/metrics"])
def test_nothing_but_the_api_is_open_to_origins(client_of: MakeClient, path: str) -> None:
    client = client_of(CORS_ORIGINS="https://app.example.com")

    answer = client.get(path, headers={"Origin": "https://app.example.com"})

    assert "Access-Control-Allow-Origin" not in answer.headers
