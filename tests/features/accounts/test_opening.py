"""Opening a business: who may, that a second time does nothing, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from callwaiting.core import clock
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.accounts import opening, throttle
from callwaiting.features.merchants import service as merchants
from tests.api_client import ApiClient, actions
from tests.factories.people import Person, create_person, signed_in
from tests.factories.stored_events import rows
from tests.features.accounts.conftest import Browser

PIZZERIA = {"name": "Maria's", "timezone": "Europe/Rome", "currency": "EUR", "region": "IT"}


def send(
    app: Flask, token: str, path: str = "/merchants", body: object = PIZZERIA, key: str = "of-marias"
) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
    return app.test_client().post(f"/api/v1{path}", json=body, headers=headers)


@pytest.fixture
def token(app: Flask, maria: Person) -> str:
    """Of somebody who has signed up and is in no team."""
    return signed_in(app.extensions["database"], maria).access_token


def test_whoever_signed_up_opens_a_business_and_works_in_it(
    app: Flask, token: str, browser: Browser, maria: Person, admin_url: str
) -> None:
    opened = send(app, token)

    assert opened.status_code == 201
    team = opened.get_json()
    assert team == {"merchant_id": team["merchant_id"], "name": "Maria's", "role": "owner", "status": "active"}
    assert actions(admin_url)[-2:] == ["merchant.created", "member.added"]
    inside = send(app, token, "/auth/switch", {"merchant_id": team["merchant_id"]}).get_json()
    assert (inside["role"], inside["merchant_id"]) == ("owner", team["merchant_id"])
    headers = {"Authorization": f"Bearer {inside['access_token']}"}
    profile = app.test_client().get("/api/v1/merchant", headers=headers).get_json()
    assert {name: profile[name] for name in PIZZERIA} == PIZZERIA
    browser.sign_in(maria.email)
    assert browser.get("me").get_json()["teams"] == [team]


def test_the_same_key_means_the_same_business_also_at_once(app: Flask, token: str, admin_url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: send(app, token), range(6)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == 1
    assert [row["n"] for row in rows(admin_url, "select count(*) as n from app.merchants")] == [1]
    assert [row["n"] for row in rows(admin_url, "select count(*) as n from app.memberships")] == [1]
    assert [row["n"] for row in rows(admin_url, "select count(*) as n from app.merchant_keys")] == [1]
    reused = send(app, token, body=PIZZERIA | {"name": "Another"})
    assert (reused.status_code, reused.get_json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert send(app, token, key="of-the-second").get_json()["merchant_id"] != answers[0].get_json()["merchant_id"]


def test_the_key_of_another_person_leads_nowhere_near(app: Flask, token: str) -> None:
    mine = send(app, token).get_json()
    other = create_person(app.extensions["database"])
    theirs = send(app, signed_in(app.extensions["database"], other).access_token).get_json()

    assert theirs["merchant_id"] != mine["merchant_id"]
    assert theirs["role"] == "owner"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": "usd"}, "currency"),
        ({"region": "ZZ"}, "region"),
        ({"status": "suspended"}, "status"),
        ({"id": "01890f4e-e6c8-7d3a-9c0b-5a7d1f2e3c4b"}, "id"),
    ],
)
def test_what_no_business_can_have_is_refused(
    app: Flask, token: str, change: dict[str, Any], field: str, admin_url: str
) -> None:
    refused = send(app, token, body=PIZZERIA | change)

    assert refused.status_code == 422
    assert [item["field"] for item in refused.get_json()["fields"]] == [field]
    assert rows(admin_url, "select id from app.merchants") == []


def test_a_key_is_asked_for(app: Flask, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().post("/api/v1/merchants", json=PIZZERIA, headers=headers).status_code == 400


def test_five_in_a_day(app: Flask, token: str, admin_url: str) -> None:
    start = clock.now()
    with clock.frozen(start):
        answers = [send(app, token, key=f"business-{n}") for n in range(6)]
        assert [answer.status_code for answer in answers] == [201] * 5 + [429]
        assert send(app, token, key="business-0").status_code == 201  # that was opened already
    limit = throttle.LIMITS["opening"]
    assert (limit.free, limit.window) == (5, timedelta(days=1))
    assert len(rows(admin_url, "select id from app.merchants")) == 5


def test_neither_operators_nor_machines_open_one(app: Flask, worker: Runtime, merchant: MerchantScope) -> None:
    operator = create_person(worker.database, operator=True)
    access = signed_in(app.extensions["database"], operator, operator=True).access_token
    owner = ApiClient(app, merchant)
    key = owner.send("POST", "/api-keys", {"name": "Till", "scopes": ["orders.read"]}).get_json()["key"]

    assert send(app, access).status_code == 403
    assert send(app, key).status_code == 403
    assert "merchants.open" not in owner.send("POST", "/api-keys", {"name": "T", "scopes": ["merchants.open"]}).text


def test_a_twin_that_was_faster_is_found(app: Flask, maria: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It commits between our look and our own row."""
    database = app.extensions["database"]
    wanted = opening.Business("Maria's", "Europe/Rome", "EUR", "IT")
    first = opening.open_business(database, maria.id, "of-marias", wanted)
    really, looks = merchants.exists, iter([False])
    monkeypatch.setattr(merchants, "exists", lambda session: next(looks, True) and really(session))

    assert opening.open_business(database, maria.id, "of-marias", wanted) == first
