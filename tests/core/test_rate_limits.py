from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from callwaiting.core import metrics
from callwaiting.core.settings import load
from callwaiting.factory import Runtime, create_app
from tests.core.probe import add_routes

PATH = "/api/probe/open"
MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def make_client(environment: dict[str, str], worker: Runtime, valkey_url: str) -> Iterator[MakeClient]:
    """Clients of separate instances of the application that allow five requests a quarter of an hour."""
    with redis.Redis.from_url(valkey_url) as valkey:
        valkey.flushdb()
    made: list[Flask] = []

    def make(**variables: str) -> FlaskClient:
        app = create_app(load({**environment, "RATE_LIMIT_MAX_REQUESTS": "5", **variables}))
        add_routes(app)
        made.append(app)
        return app.test_client()

    yield make
    for app in made:
        app.extensions["database"].dispose()


def statuses(client: FlaskClient, count: int, path: str = PATH, address: str = "203.0.113.7") -> list[int]:
    return [client.get(path, environ_base={"REMOTE_ADDR": address}).status_code for _ in range(count)]


def test_sixth_request_gets_exactly_the_agreed_answer(make_client: MakeClient) -> None:
    client = make_client()
    assert statuses(client, 5) == [200] * 5

    answer = client.get(PATH, environ_base={"REMOTE_ADDR": "203.0.113.7"})

    assert answer.status_code == 429
    body = answer.get_json()
    assert body == {
        "error": "Too many requests",
        "message": "Rate limit exceeded. Please try again later.",
        "code": "RATE_LIMIT_EXCEEDED",
        "request_id": answer.headers["X-Request-ID"],
    }
    assert 1 <= int(answer.headers["Retry-After"]) <= 900
    assert answer.headers["RateLimit-Limit"] == "5"
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert answer.headers["RateLimit-Reset"] == answer.headers["Retry-After"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_instances_share_one_count(make_client: MakeClient) -> None:
    first, second = make_client(), make_client()

    assert statuses(first, 3) + statuses(second, 3) + statuses(first, 1) == [200] * 5 + [429] * 2


def test_each_address_has_its_own_count(make_client: MakeClient) -> None:
    client = make_client()
    assert statuses(client, 6)[-1] == 429

    assert statuses(client, 1, address="203.0.113.8") == [200]


def test_addresses_of_one_ipv6_network_share_a_count(make_client: MakeClient) -> None:
    client = make_client()
    for host in range(5):
        assert statuses(client, 1, address=f"2001:db8:1:2::{host:x}") == [200]

    assert statuses(client, 1, address="2001:db8:1:2:ffff::1") == [429]
    assert statuses(client, 1, address="2001:db8:1:3::1") == [200]
    assert statuses(client, 6, address="::ffff:203.0.113.7")[-1] == 429
    assert statuses(client, 1) == [429]


@pytest.mark.parametrize("path", ["/nowhere", "/api/probe/fail/crash", "/api/probe/mine", "/api/probe/forgotten"])
def test_requests_that_fail_count_too(make_client: MakeClient, path: str) -> None:
    client = make_client()

    assert statuses(client, 6, path)[-1] == 429
    assert statuses(client, 1) == [429]


def test_wrong_method_counts_too(make_client: MakeClient) -> None:
    client = make_client()
    for _ in range(5):
        assert client.delete(PATH, environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == 405

    assert statuses(client, 1) == [429]


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/api/probe/signed"])
def test_health_and_signed_requests_are_not_counted(make_client: MakeClient, path: str) -> None:
    client = make_client()

    assert statuses(client, 8, path) == [200] * 8


@pytest.mark.parametrize("forged", ["203.0.113.{}", "203.0.113.{}, 127.0.0.1"])
def test_forged_forwarded_address_does_not_help(make_client: MakeClient, forged: str) -> None:
    client = make_client()
    answers = [client.get(PATH, headers={"X-Forwarded-For": forged.format(n)}).status_code for n in range(7)]

    assert answers == [200] * 5 + [429] * 2


def test_limit_holds_while_valkey_is_away(make_client: MakeClient) -> None:
    client = make_client(REDIS_URL="redis://127.0.0.1:9/0")
    before = metrics.LIMITER_FALLBACK._value.get()

    assert statuses(client, 7) == [200] * 5 + [429] * 2
    assert metrics.LIMITER_FALLBACK._value.get() > before
