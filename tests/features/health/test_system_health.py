"""What an operator sees of the database and the providers."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis
from flask import Flask

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.settings import Settings, load
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime, create_app
from callwaiting.features.accounts import people, sessions
from callwaiting.features.accounts.sign_in import scope_of_person
from callwaiting.features.health import providers
from callwaiting.providers.registry import build_providers
from tasks.health import ask_providers
from tests.factories.people import DESK
from tests.factories.tokens import bearer
from tests.providers.api_server import ApiServer, api_server, json_answer

PATH = "/api/v1/health"


@pytest.fixture(autouse=True)
def nothing_known(valkey_url: str) -> None:
    with redis.Redis.from_url(valkey_url) as valkey:
        valkey.delete(*(f"cw:health:{name}" for name in providers.NAMES))


@pytest.fixture
def operator(web: Runtime, worker: Runtime) -> dict[str, str]:
    user_id = new_id()
    who, email = scope_of_person(user_id, "an operator of the tests"), f"{user_id.hex}@example.com"
    with worker.database.unit_of_work(who) as session:
        people.create(session, email=email, name="Op", password_hash=None, verified=True, operator=True)
    with web.database.unit_of_work(who) as session:
        opened = sessions.open_session(session, DESK, amr=("pwd", "otp"), remember=False, operator=True)
    return {"Authorization": f"Bearer {opened.access_token}"}


@pytest.fixture
def provider_api() -> Iterator[ApiServer]:
    """Stripe answers, PayPal refuses the credentials, and nobody listens where Twilio should be."""
    with api_server() as server:
        server.answer = lambda request: (
            json_answer({"object": "balance", "available": [], "pending": [], "livemode": False})
            if request.path == "/v1/balance"
            else json_answer({"error": "invalid_client"}, 401)
        )
        yield server


def asked(worker: Runtime, settings: Settings, server: ApiServer) -> Runtime:
    pointed = settings.model_copy(update={"stripe_api_base": server.url, "paypal_api_base": server.url})
    ready = replace(worker, providers=build_providers(pointed))
    ask_providers(ready)
    return ready


def shown(app: Flask, operator: dict[str, str]) -> Any:
    answer = app.test_client().get(PATH, headers=operator)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()


def test_operator_sees_times_of_the_database_and_who_answers(
    app: Flask, worker: Runtime, settings: Settings, operator: dict[str, str], provider_api: ApiServer
) -> None:
    before = shown(app, operator)
    assert [one["reachable"] for one in before["providers"]] == [None, None, None]

    asked(worker, settings, provider_api)

    health = shown(app, operator)
    assert (health["status"], health["valkey"]) == ("ready", True)
    assert 0 < health["database"]["query_ms"] < health["database"]["connection_ms"] + 1000
    found = {one["name"]: one for one in health["providers"]}
    assert {name: one["reachable"] for name, one in found.items()} == {"twilio": False, "stripe": True, "paypal": False}
    assert found["stripe"]["reason"] is None
    assert found["twilio"]["reason"].startswith("providers.")
    assert all(one["configured"] and one["ms"] >= 0 and one["checked_at"] for one in found.values())


def test_requests_ask_no_provider(app: Flask, operator: dict[str, str], provider_api: ApiServer) -> None:
    for _ in range(3):
        shown(app, operator)

    assert provider_api.received == []


def test_old_knowledge_is_forgotten(
    app: Flask, worker: Runtime, settings: Settings, provider_api: ApiServer, valkey_url: str
) -> None:
    asked(worker, settings, provider_api)
    with redis.Redis.from_url(valkey_url) as valkey:
        assert 0 < int(str(valkey.ttl("cw:health:stripe"))) <= providers.KEPT_SECONDS
    assert 2 * timedelta(minutes=1).total_seconds() <= providers.KEPT_SECONDS
    assert clock.now() - (providers.known(worker.providers, valkey_url)[1].checked_at or clock.now()) < timedelta(
        hours=1
    )


def test_valkey_away_leaves_providers_unknown(environment: dict[str, str], operator: dict[str, str]) -> None:
    app = create_app(load({**environment, "REDIS_URL": "redis://127.0.0.1:9/0"}))
    began = time.monotonic()
    health = shown(app, operator)
    app.extensions["database"].dispose()

    assert (health["status"], health["valkey"]) == ("degraded", False)
    assert [one["reachable"] for one in health["providers"]] == [None] * 3
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("role", ["owner", "admin", "agent", "viewer"])
def test_no_team_sees_it(app: Flask, merchant: MerchantScope, role: str) -> None:
    assert app.test_client().get(PATH, headers=bearer(app, merchant, role)).status_code == 403
