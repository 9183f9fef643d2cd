"""Valkey away, and a flood of passwords: who still gets in, and who still does not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from callwaiting.core.settings import load
from callwaiting.factory import Runtime, create_app
from callwaiting.features.accounts import passwords
from tests.api_client import statements
from tests.factories.people import Person
from tests.features.accounts.conftest import Browser


@pytest.fixture
def lonely(environment: dict[str, str], worker: Runtime) -> Iterator[Flask]:
    """A process that cannot reach Valkey."""
    made = create_app(load({**environment, "REDIS_URL": "redis://127.0.0.1:9/0"}))
    yield made
    made.extensions["database"].dispose()


def test_without_valkey_people_sign_in_and_revoked_sessions_stay_revoked(
    app: Flask, lonely: Flask, browser: Browser, maria: Person
) -> None:
    here = Browser(lonely.test_client())
    assert here.sign_in(maria.email).status_code == 200
    assert here.get("me").status_code == 200
    assert here.refresh().status_code == 200

    there = Browser(app.test_client(), token=here.token)
    assert there.post("sign-out-everywhere").status_code == 204

    assert here.get("me").get_json()["code"] == "AUTH_TOKEN_REVOKED"
    assert here.refresh().get_json()["code"] == "AUTH_REFRESH_INVALID"


def test_attempts_beyond_those_under_way_cost_no_connection(browser: Browser, maria: Person, app: Flask) -> None:
    """They would wait for each other's rows, with the threads and connections that webhooks and others need."""
    taken = [passwords._attempts.acquire(blocking=False) for _ in range(passwords.ATTEMPTS)]
    try:
        with statements(app) as sent:
            refused = browser.sign_in(maria.email)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        assert sent == []
    finally:
        for _ in taken:
            passwords._attempts.release()
    assert browser.sign_in(maria.email, "not her password").status_code == 401
    assert browser.sign_in(maria.email).status_code == 200
    assert passwords._attempts.acquire(blocking=False)  # each turn was given back
    passwords._attempts.release()
    assert app.extensions["settings"].database_pool_size > passwords.ATTEMPTS


def test_flood_of_passwords_leaves_other_requests_alone(browser: Browser, maria: Person) -> None:
    """Beyond the hashes that run and those few that wait, an attempt is sent away at once; nothing else waits."""
    browser.sign_in(maria.email)
    taken = [passwords._admitted.acquire(blocking=False) for _ in range(passwords.RUNNING + passwords.WAITING)]
    try:
        refused = browser.sign_in(maria.email)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        assert browser.client.post("/webhooks/stripe/nobody", data=b"{}").status_code == 404
        assert browser.get("me").status_code == 200
        assert browser.refresh().status_code == 200
    finally:
        for _ in taken:
            passwords._admitted.release()
    assert passwords.RUNNING + passwords.WAITING < 32  # the threads of a web process, see cli/up.py and deploy/
