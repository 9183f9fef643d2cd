"""Operators of the platform: apart from all teams, and alone in what they may do about persons."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.accounts import operators
from tests.factories.people import Person, create_person, signed_in
from tests.features.accounts.conftest import Browser
from tests.features.accounts.test_factors import enrolled_before


@pytest.fixture
def ada(worker: Runtime, app: Flask) -> Person:
    return create_person(worker.database, email="ada@example.com", name="Ada", operator=True)


@pytest.fixture
def operator(app: Flask, ada: Person) -> Browser:
    opened = signed_in(app.extensions["database"], ada, operator=True)
    return Browser(app.test_client(), token=opened.access_token)


def ask(browser: Browser, method: str, path: str, body: object = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {browser.token}"}
    answer = browser.client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
    return answer.status_code, answer.get_json(silent=True)


def test_operator_sees_everybody_in_pages_and_no_merchant(operator: Browser, ada: Person, maria: Person) -> None:
    status, first = ask(operator, "GET", "/operator/users?limit=1")
    _, second = ask(operator, "GET", f"/operator/users?limit=1&cursor={first['next']}")

    assert status == 200
    shown = [item["email"] for page in (first, second) for item in page["items"]]
    assert sorted(shown) == ["ada@example.com", "maria@example.com"]
    assert second["next"] is None
    assert ask(operator, "GET", "/orders")[0] == 403
    assert ask(operator, "GET", "/merchant")[0] == 403


def test_nobody_else_sees_anybody(app: Flask, web: Runtime, maria: Person, ada: Person) -> None:
    """Neither by a route, nor by the function of the database that it stands on."""
    for person in (maria, ada):
        scope = SystemScope("tests", user_id=person.id)
        with web.database.unit_of_work(scope) as session:
            found = operators.everybody(session, before=None, limit=10)
        assert len(found) == (2 if person is ada else 0)
    browser = Browser(app.test_client())
    browser.sign_in(maria.email)
    assert ask(browser, "GET", "/operator/users")[0] == 403


def test_closed_account_is_out_on_its_next_request(operator: Browser, browser: Browser, maria: Person) -> None:
    browser.sign_in(maria.email)

    assert ask(operator, "PUT", f"/operator/users/{maria.id}/status", {"status": "disabled"})[0] == 204

    assert browser.get("me").get_json()["code"] == "AUTH_TOKEN_REVOKED"
    assert browser.refresh().status_code == 401
    assert browser.sign_in(maria.email).status_code == 403
    assert ask(operator, "PUT", f"/operator/users/{maria.id}/status", {"status": "active"})[0] == 204
    assert browser.sign_in(maria.email).status_code == 200


def test_lost_authenticator_is_forgotten(operator: Browser, browser: Browser, app: Flask, maria: Person) -> None:
    enrolled_before(browser, maria, timedelta(minutes=1))
    assert ask(operator, "DELETE", f"/operator/users/{maria.id}/factors")[0] == 204

    assert browser.get("me").status_code == 401
    assert Browser(app.test_client()).sign_in(maria.email).status_code == 200


def test_own_account_and_absent_persons(operator: Browser, ada: Person) -> None:
    for path, body, method in (("status", {"status": "disabled"}, "PUT"), ("factors", None, "DELETE")):
        assert ask(operator, method, f"/operator/users/{ada.id}/{path}", body)[0] == 409
        nobody = "00000000-0000-0000-0000-000000000000"
        assert ask(operator, method, f"/operator/users/{nobody}/{path}", body)[0] == 404


def test_operator_proves_itself_again_before_it_acts(app: Flask, ada: Person, maria: Person) -> None:
    old = signed_in(app.extensions["database"], ada, operator=True, age=timedelta(minutes=6))
    browser = Browser(app.test_client(), token=old.access_token)
    status, body = ask(browser, "DELETE", f"/operator/users/{maria.id}/factors")
    assert (status, body["code"]) == (401, "AUTH_STEP_UP_REQUIRED")
    assert ask(browser, "GET", "/operator/users")[0] == 200
