"""Who a request counts for, what is answered when that is too much, and what holds while Valkey is away."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from uuid import uuid4

import psycopg2
import pytest
import redis
from flask import Flask
from flask.testing import FlaskClient

from callwaiting.core import metrics
from callwaiting.core.http import buckets
from callwaiting.core.http.buckets import Bucket, LocalCounts, SharedCounts
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope
from callwaiting.embedded.valkey import EmbeddedValkey
from callwaiting.factory import Runtime, create_app
from tests.core.probe import add_routes
from tests.factories.tokens import bearer

PATH, MINE = "/api/probe/open", "/api/probe/mine"
ADDRESS = "203.0.113.7"
WINDOW_MS = 900_000
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


@pytest.fixture(scope="module")
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """One that a test may stop and freeze."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"), password="tests")
    server.start()
    yield server
    server.stop()


def counts_of(url: str) -> SharedCounts:
    return SharedCounts(url, on_outage=lambda: None)


def statuses(client: FlaskClient, count: int, path: str = PATH, address: str = ADDRESS, **sent: Any) -> list[int]:
    return [
        client.open(path, **{"method": "GET", **sent}, environ_base={"REMOTE_ADDR": address}).status_code
        for _ in range(count)
    ]


def alerts(admin_url: str) -> list[tuple[Any, ...]]:
    with closing(psycopg2.connect(admin_url)) as connection, connection.cursor() as cursor:
        cursor.execute("select rule, severity, merchant_id, count from app.alerts")
        return cursor.fetchall()


def test_sixth_request_gets_exactly_the_agreed_answer(make_client: MakeClient) -> None:
    client = make_client()
    assert statuses(client, 5) == [200] * 5

    answer = client.get(PATH, environ_base={"REMOTE_ADDR": ADDRESS})

    assert answer.status_code == 429
    assert re.sub(rb'"request_id":"[0-9a-f]{32}"', b"ID", answer.data).strip() == (
        b'{"code":"RATE_LIMIT_EXCEEDED","error":"Too many requests",'
        b'"message":"Rate limit exceeded. Please try again later.",ID}'
    )
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 900
    assert answer.headers["RateLimit-Limit"] == "5"
    assert answer.headers["RateLimit-Remaining"] == "0"
    assert answer.headers["RateLimit-Reset"] == answer.headers["Retry-After"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_answer_tells_what_is_left(make_client: MakeClient) -> None:
    client = make_client()

    told = [client.get(PATH).headers for _ in range(3)] + [client.get("/nowhere").headers]

    assert [int(headers["RateLimit-Remaining"]) for headers in told] == [4, 3, 2, 1]
    assert all(headers["RateLimit-Limit"] == "5" for headers in told)
    assert all(0 < int(headers["RateLimit-Reset"]) <= 900 and "Retry-After" not in headers for headers in told)


def test_after_the_time_that_was_told_a_request_passes(make_client: MakeClient) -> None:
    client = make_client(RATE_LIMIT_MAX_REQUESTS="1", RATE_LIMIT_WINDOW_MS="1000")
    assert statuses(client, 2) == [200, 429]

    time.sleep(int(client.get(PATH, environ_base={"REMOTE_ADDR": ADDRESS}).headers["Retry-After"]))

    assert statuses(client, 1) == [200]


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


REFUSED: dict[str, dict[str, Any]] = {
    "unknown path": {"path": "/nowhere"},
    "crash": {"path": "/api/probe/fail/crash"},
    "no token": {"path": MINE},
    "forged token": {"path": MINE, "headers": {"Authorization": "Bearer x.y.z"}},
    "undeclared": {"path": "/api/probe/forgotten"},
    "wrong method": {"method": "DELETE"},
    "no length": {"path": "/api/probe/body", "method": "POST", "headers": {"Transfer-Encoding": "chunked"}},
    "too large": {"path": "/api/probe/body", "method": "POST", "data": b"x" * (256 * 1024 + 1)},
    "plain OPTIONS": {"method": "OPTIONS"},
}


@pytest.mark.parametrize("how", REFUSED)
def test_requests_that_fail_count_too(make_client: MakeClient, how: str) -> None:
    client = make_client()

    assert statuses(client, 6, **REFUSED[how])[-1] == 429
    assert statuses(client, 1) == [429]


def test_host_that_is_not_ours_counts_too(make_client: MakeClient) -> None:
    client = make_client(TRUSTED_HOSTS="callwaiting.test")

    assert statuses(client, 6, headers={"Host": "evil.example.com"}) == [400] * 5 + [429]


@pytest.mark.parametrize("path", ["/health", "/health/ready", "/api/probe/signed"])
def test_health_and_signed_requests_have_budgets_of_their_own(make_client: MakeClient, path: str) -> None:
    client = make_client()
    assert statuses(client, 8, path) == [200] * 8

    assert statuses(client, 1) == [200]


def test_browsers_questions_do_not_use_up_the_address(make_client: MakeClient) -> None:
    client = make_client(CORS_ORIGINS="https://app.example.com", RATE_LIMIT_MERCHANT_MAX_REQUESTS="7")
    asks = {"Origin": "https://app.example.com", "Access-Control-Request-Method": "GET"}

    assert statuses(client, 8, method="OPTIONS", headers=asks) == [200] * 7 + [429]
    assert statuses(client, 1) == [200]


def test_signed_in_people_share_their_merchants_budget_and_no_address(
    make_client: MakeClient, merchant: MerchantScope
) -> None:
    client = make_client(RATE_LIMIT_MERCHANT_MAX_REQUESTS="9", RATE_LIMIT_PERSON_MAX_REQUESTS="7")
    mine = bearer(client.application, merchant)

    answers = [client.get(MINE, headers=mine) for _ in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 7 + [429]
    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["7"] * 8
    assert client.get(PATH).headers["RateLimit-Remaining"] == "4"


def test_one_person_over_the_limit_takes_nothing_from_the_team(valkey_url: str) -> None:
    counts, team = counts_of(valkey_url), str(uuid4())

    def take(person: str) -> bool:
        return counts.take([Bucket("person", person + team, 3, WINDOW_MS), Bucket("merchant", team, 5, WINDOW_MS)])[0]

    assert [take("greedy") for _ in range(9)] == [True] * 3 + [False] * 6
    assert [take("modest") for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("forged", ["203.0.113.{}", "203.0.113.{}, 127.0.0.1"])
def test_forged_forwarded_address_does_not_help(make_client: MakeClient, forged: str) -> None:
    client = make_client()
    answers = [client.get(PATH, headers={"X-Forwarded-For": forged.format(n)}).status_code for n in range(7)]

    assert answers == [200] * 5 + [429] * 2


def test_each_process_limits_alone_and_alerts_once_while_valkey_is_refused(
    make_client: MakeClient, admin_url: str
) -> None:
    client = make_client(REDIS_URL="redis://127.0.0.1:9/0", RATE_LIMIT_MAX_REQUESTS="10")
    before = metrics.LIMITER_FALLBACK._value.get()

    assert statuses(client, 7) == [200] * 5 + [429] * 2  # half of the ten: there are two processes at least
    assert metrics.LIMITER_FALLBACK._value.get() == before + 7

    end = time.monotonic() + 10
    while not alerts(admin_url) and time.monotonic() < end:
        time.sleep(0.02)
    assert alerts(admin_url) == [("limiter.per_process", "high", None, 1)]


def test_limits_are_shared_again_when_valkey_is_back(
    own_valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "RETRY_S", 0.0)
    outages: list[int] = []
    first, second = SharedCounts(own_valkey.url(), lambda: outages.append(1)), counts_of(own_valkey.url())
    bucket = Bucket("x", "1", 8, WINDOW_MS)
    assert [first.take([bucket]).remaining, second.take([bucket]).remaining] == [7, 6]

    own_valkey.stop()
    assert [first.take([bucket]).allowed for _ in range(5)] == [True] * 4 + [False]
    own_valkey.start()

    # The append-only file kept the two; what was counted here alone does not come back.
    assert [first.take([bucket]).remaining, second.take([bucket]).remaining] == [5, 4]
    assert outages == [1]


def test_frozen_valkey_costs_one_request_a_moment(own_valkey: EmbeddedValkey) -> None:
    counts, bucket = counts_of(own_valkey.url()), Bucket("frozen", "1", 100, WINDOW_MS)
    assert counts.take([bucket]).remaining == 99
    assert own_valkey.pid is not None

    os.kill(own_valkey.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        taken = [counts.take([bucket]) for _ in range(60)]
        waited = time.monotonic() - began
    finally:
        os.kill(own_valkey.pid, signal.SIGCONT)

    assert [one.allowed for one in taken] == [True] * 50 + [False] * 10
    assert buckets.TIMEOUT_S <= waited < 60 * buckets.TIMEOUT_S / 4
    counts._retry_at = 0.0
    # Its late answer, to a question nobody waits for any more, is not taken for this one's.
    assert counts.take([bucket]).remaining in {98, 97}


def test_script_that_valkey_forgot_is_sent_again(valkey_url: str) -> None:
    counts, bucket = counts_of(valkey_url), Bucket("script", str(uuid4()), 5, WINDOW_MS)
    counts.take([bucket])
    with redis.Redis.from_url(valkey_url) as valkey:
        valkey.script_flush()

    assert counts.take([bucket]).remaining == 3
    assert not counts._away


def test_flood_of_addresses_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "MAX_LOCAL_BUCKETS", 100)
    counts = LocalCounts()
    for number in range(1000):
        counts.take([Bucket("address", str(number), 1, WINDOW_MS)])

    assert len(counts._counts) <= 101
    assert not counts.take([Bucket("address", "999", 1, WINDOW_MS)]).allowed


def test_local_window_ends() -> None:
    counts = LocalCounts()
    short = Bucket("address", "1", 1, 1)
    assert counts.take([short]).allowed
    end = time.monotonic() + 5
    while not counts.take([short]).allowed:
        assert time.monotonic() < end


def test_address_is_not_named_for_longer_than_its_window(make_client: MakeClient, valkey_url: str) -> None:
    statuses(make_client(), 1)
    with redis.Redis.from_url(valkey_url) as valkey:
        left = valkey.pttl(f"cw:limit:address:{ADDRESS}")

    assert isinstance(left, int)
    assert 0 < left <= WINDOW_MS


def test_whoever_may_guess_or_send_mail_has_a_tighter_budget(make_client: MakeClient) -> None:
    client = make_client(RATE_LIMIT_MAX_REQUESTS="20")
    wrong = {"email": "nobody@example.com", "password": "not the right one"}

    answers = [client.post("/api/v1/auth/sign-in", json=wrong) for _ in range(7)]

    assert [answer.headers["RateLimit-Limit"] for answer in answers] == ["6"] * 7
    assert answers[-1].status_code == 429
    assert answers[-1].get_json()["message"] == "Rate limit exceeded. Please try again later."
    assert client.get(PATH).headers["RateLimit-Remaining"] == "13"


def test_open_doors_of_accounts_have_budgets(make_client: MakeClient) -> None:
    app = make_client().application
    found = {
        rule.rule.rpartition("/auth/")[2]: getattr(app.view_functions[rule.endpoint], "budget", None)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/auth/") and "POST" in (rule.methods or set())
    }
    with app.app_context():
        assert {name for name, budget in found.items() if budget is not None} >= {
            "sign-up", "verify-email", "sign-in", "sign-in/code", "step-up", "password",
            "password-reset", "password-reset/confirm",
        }  # fmt: skip
