"""Signing in with a password, and what the answer gives and keeps to itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from callwaiting.core import clock
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tests.factories.merchants import create_merchant
from tests.factories.people import PASSWORD, Person, create_person, join
from tests.features.accounts.conftest import Browser


def test_member_gets_a_token_for_the_team(app: Flask, browser: Browser, maria: Person, merchant: MerchantScope) -> None:
    join(app.extensions["database"], maria, merchant, "admin")

    answer = browser.sign_in(" MARIA@example.com ")

    body = answer.get_json()
    assert answer.status_code == 200
    assert (body["role"], body["merchant_id"]) == ("admin", str(merchant.merchant_id))
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 600)
    me = browser.get("me").get_json()
    assert (me["id"], me["email"], me["name"]) == (str(maria.id), maria.email, "Maria Rossi")
    assert [team["name"] for team in me["teams"]] == ["Luigi's Pizza"]
    assert browser.client.get("/api/v1/orders", headers={"Authorization": f"Bearer {browser.token}"}).status_code == 200


def test_person_in_no_team_reaches_its_account_only(browser: Browser, maria: Person) -> None:
    body = browser.sign_in(maria.email).get_json()

    assert (body["role"], body["merchant_id"]) == ("person", None)
    assert browser.get("me").status_code == 200
    answer = browser.client.get("/api/v1/orders", headers={"Authorization": f"Bearer {browser.token}"})
    assert (answer.status_code, answer.get_json()["code"]) == (403, "FORBIDDEN")


def test_refresh_cookie_is_out_of_reach_of_scripts(browser: Browser, maria: Person) -> None:
    cookies = {line.split("=")[0]: line for line in browser.sign_in(maria.email).headers.getlist("Set-Cookie")}

    assert cookies.keys() == {"cw_rt", "cw_csrf", "cw_dev"}
    for name, line in cookies.items():
        assert "SameSite=Strict" in line
        assert "Path=/" in line
        assert ("HttpOnly" in line) == (name != "cw_csrf")
    assert "Max-Age" not in cookies["cw_rt"]
    remembered = browser.sign_in(maria.email, remember=True).headers.getlist("Set-Cookie")
    assert any(line.startswith("cw_rt=") and "Max-Age=2592000" in line for line in remembered)


@pytest.mark.parametrize(
    ("email", "password"),
    [("maria@example.com", "not her password"), ("nobody@example.com", PASSWORD), ("nobody@example.com", "x")],
)
def test_unknown_account_and_wrong_password_answer_alike(
    browser: Browser, maria: Person, email: str, password: str
) -> None:
    answer = browser.sign_in(email, password)
    body = answer.get_json()

    assert answer.status_code == 401
    assert (body["code"], body["message"]) == ("AUTH_CREDENTIALS_INVALID", "The e-mail address or password is wrong.")
    assert body.keys() == {"error", "message", "code", "request_id"}
    assert answer.headers.getlist("Set-Cookie") == []


def test_unverified_is_told_after_the_right_password_only(app: Flask, browser: Browser, worker: Runtime) -> None:
    create_person(app.extensions["database"], email="new@example.com", password=PASSWORD, verified=False)

    wrong, right = browser.sign_in("new@example.com", "not her password"), browser.sign_in("new@example.com")

    assert wrong.get_json()["code"] == "AUTH_CREDENTIALS_INVALID"
    assert (right.status_code, right.get_json()["code"]) == (403, "FORBIDDEN")
    assert "confirm" in right.get_json()["message"]


def test_switching_to_another_team(app: Flask, browser: Browser, maria: Person, worker: Runtime) -> None:
    luigis, marios, others = (create_merchant(worker, name) for name in ("Luigi's", "Mario's", "Toad's"))
    for scope, role in ((luigis, "owner"), (marios, "viewer")):
        join(app.extensions["database"], maria, scope, role)
    browser.sign_in(maria.email)

    answer = browser.post("switch", {"merchant_id": str(marios.merchant_id)})

    assert (answer.get_json()["role"], answer.get_json()["merchant_id"]) == ("viewer", str(marios.merchant_id))
    assert browser.post("switch", {"merchant_id": str(others.merchant_id)}).status_code == 404
    assert browser.refresh().get_json()["merchant_id"] == str(marios.merchant_id)


def test_a_password_does_not_expire(browser: Browser, maria: Person) -> None:
    with clock.frozen(clock.now() + timedelta(days=5 * 365)):
        assert browser.sign_in(maria.email).status_code == 200


@pytest.mark.parametrize("path", ["sign-out", "sign-out-everywhere"])
def test_signing_out_clears_what_the_browser_keeps(browser: Browser, maria: Person, path: str) -> None:
    assert "Clear-Site-Data" not in browser.sign_in(maria.email).headers

    answer = browser.post(path)

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    gone = [line for line in answer.headers.getlist("Set-Cookie") if "Max-Age=0" in line]
    assert {line.split("=")[0] for line in gone} == {"cw_rt", "cw_csrf"}
