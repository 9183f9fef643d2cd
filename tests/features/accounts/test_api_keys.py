"""API keys: what they open, what they never show, and that each that is not good gets the one answer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from callwaiting.core import clock
from callwaiting.core.errors import ValidationFailed
from callwaiting.core.http.permissions import SCOPES
from callwaiting.core.settings import Settings, load
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime, create_app
from callwaiting.features.accounts import api_keys
from callwaiting.features.accounts import service as accounts
from tests.api_client import ApiClient, statements
from tests.factories.merchants import create_merchant
from tests.factories.people import create_person
from tests.factories.stored_events import rows
from tests.factories.tokens import bearer
from tests.features.accounts.test_members import member_of
from tests.features.accounts.test_revocation import execute
from tests.features.alerts.test_api import raise_alert
from tests.features.catalogue.test_api import ITEM

BODY = {"name": "Till in the shop", "scopes": ["orders.read", "catalogue.write"]}


@pytest.fixture
def owner(app: Flask, merchant: MerchantScope) -> ApiClient:
    return ApiClient(app, merchant)


def send(app: Flask, key: str, method: str = "GET", path: str = "/orders", body: object = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {key}", "X-Request-ID": "the-same-request", "Idempotency-Key": str(uuid4())}
    return app.test_client().open(f"/api/v1{path}", method=method, headers=headers, json=body)


def test_key_is_shown_once_and_opens_what_its_scopes_name(
    owner: ApiClient, app: Flask, admin_url: str, merchant: MerchantScope
) -> None:
    made = owner.post("/api-keys", BODY)
    key = made.pop("key")

    assert re.fullmatch(r"cwk_[0-9a-f]{32}_[A-Za-z0-9_-]{59}", key)
    assert owner.get("/api-keys")["items"] == [owner.get(f"/api-keys/{made['id']}")] == [made]
    assert (made["state"], made["scopes"], made["last_used_at"]) == ("live", ["catalogue.write", "orders.read"], None)
    kept = str(rows(admin_url, "select k::text as row from app.api_keys k"))
    secret = key.split("_", 2)[2]
    assert secret not in kept
    assert secret.encode().hex() not in kept
    assert send(app, key).status_code == 200
    assert send(app, key, "POST", "/catalogue/items", ITEM).status_code == 201
    for method, path in (("GET", "/callers"), ("GET", "/auth/me"), ("GET", "/api-keys"), ("GET", "/members")):
        answer = send(app, key, method, path)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "FORBIDDEN"), path


def test_deeds_of_a_key_bear_its_name(owner: ApiClient, app: Flask, worker: Runtime, admin_url: str) -> None:
    made = owner.post("/api-keys", {"name": "Menu", "scopes": ["alerts.write"]})
    raise_alert(worker, owner.scope, "a")
    alert_id = owner.get("/alerts")["items"][0]["id"]

    assert send(app, made["key"], "POST", f"/alerts/{alert_id}/resolve").status_code == 200
    actor = "select convert_from(record, 'UTF8')::jsonb ->> 'actor' as actor from audit.outbox order by id desc limit 1"
    assert rows(admin_url, actor)[0]["actor"] == f"api_key:{made['id']}"


def test_every_key_that_is_not_good_gets_the_one_answer(
    owner: ApiClient, app: Flask, worker: Runtime, admin_url: str
) -> None:
    stranger = ApiClient(app, create_merchant(worker, "Mario's"))
    good, revoked, expired, gone, other = (owner.post("/api-keys", BODY)["key"] for _ in range(5))
    theirs = stranger.post("/api-keys", BODY)["key"]
    ids = {key: UUID(key.split("_")[1]) for key in (revoked, expired, gone, other)}
    assert owner.send("DELETE", f"/api-keys/{ids[revoked]}").status_code == 204
    assert owner.send("DELETE", f"/api-keys/{ids[revoked]}").status_code == 204  # a second time does nothing
    execute(admin_url, f"update app.api_keys set expires_at = now() - interval '1 s' where id = '{ids[expired]}'")
    execute(admin_url, f"delete from app.api_keys where id = '{ids[gone]}'")
    execute(admin_url, f"update app.api_keys set secret_hash = sha256('another') where id = '{ids[other]}'")
    mine, foreign = good.rsplit("_", 1)[0], theirs.split("_", 2)
    flipped = good[:50] + ("a" if good[50] != "a" else "b") + good[51:]
    bad = {
        "revoked": revoked,
        "expired": expired,
        "gone": gone,
        "rightly tagged, another hash kept": other,
        "another secret": flipped,
        "another tag": good[:-1] + ("0" if good[-1] != "0" else "1"),
        "the id of one, the secret of another": f"cwk_{ids[gone].hex}_{good.split('_', 2)[2]}",
        "a foreign id": f"cwk_{foreign[1]}_{good.split('_', 2)[2]}",
        "cut short": good[:-1],
        "longer": good + "0",
        "no secret": mine,
        "nothing": "cwk_",
        "not hexadecimal": "cwk_" + "Z" * 32 + good[36:],
        "not ASCII": good[:-1] + "\xe9",
        "two": f"{good}, {good}",
    }
    assert send(app, good).status_code == send(app, theirs).status_code == 200
    answers = {name: send(app, key) for name, key in bad.items()}

    forged = answers["another tag"]
    assert (forged.status_code, forged.get_json()["code"]) == (401, "AUTH_TOKEN_INVALID")
    for name, answer in answers.items():
        assert (answer.status_code, answer.data) == (401, forged.data), name
        assert answer.headers["WWW-Authenticate"] == forged.headers["WWW-Authenticate"], name
        assert send(app, bad[name], path="/callers").status_code == 401, name  # before it is asked what it may
    assert [row["state"] for row in owner.get("/api-keys")["items"]] == ["live", "expired", "revoked", "live"]


def test_revoked_key_is_refused_on_the_next_request_in_every_process(
    owner: ApiClient, app: Flask, settings: Settings
) -> None:
    second = create_app(settings)
    made = owner.post("/api-keys", BODY)
    try:
        assert [send(at, made["key"]).status_code for at in (app, second)] == [200, 200]
        owner.send("DELETE", f"/api-keys/{made['id']}")
        assert [send(at, made["key"]).status_code for at in (second, app)] == [401, 401]
    finally:
        second.extensions["webhooks"].close()
        second.extensions["database"].dispose()


def test_key_of_a_suspended_business_says_so(owner: ApiClient, app: Flask, admin_url: str) -> None:
    key = owner.post("/api-keys", BODY)["key"]
    execute(admin_url, "update app.merchants set status = 'suspended'")

    answer = send(app, key)
    assert (answer.status_code, answer.get_json()["code"]) == (403, "MERCHANT_SUSPENDED")


def test_forged_key_costs_no_query(owner: ApiClient, app: Flask) -> None:
    key = owner.post("/api-keys", BODY)["key"]
    assert send(app, key).status_code == 200

    with statements(app) as sent:
        assert send(app, f"cwk_{uuid4().hex}_{key.split('_', 2)[2]}").status_code == 401
    assert sent == []


def test_last_use_is_known_to_the_minute_and_written_once_in_each(owner: ApiClient, app: Flask) -> None:
    made, minute = owner.post("/api-keys", BODY), clock.now().replace(second=0, microsecond=0)
    with clock.frozen(minute + timedelta(seconds=59)), statements(app) as first:
        send(app, made["key"])
    with clock.frozen(minute + timedelta(seconds=3)), statements(app) as second:
        send(app, made["key"])

    used = "UPDATE app.api_keys"
    assert [sum(used in statement for statement in sent) for sent in (first, second)] == [1, 0]
    shown = owner.get(f"/api-keys/{made['id']}")["last_used_at"]
    assert shown == minute.isoformat().replace("+00:00", "Z")
    with clock.frozen(minute + timedelta(seconds=61)):
        send(app, made["key"])
    assert owner.get(f"/api-keys/{made['id']}")["last_used_at"] > shown


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"scopes": ["everything"]}, "scopes.0"),
        ({"scopes": ["api_keys.manage"]}, "scopes.0"),  # for persons
        ({"scopes": ["users.manage"]}, "scopes.0"),  # the operators' of the platform
        ({"scopes": ["account.use"]}, "scopes.0"),
        ({"scopes": []}, "scopes"),
        ({"name": "two\nlines"}, "name"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"secret": "mine"}, "secret"),
    ],
)
def test_key_that_cannot_be(owner: ApiClient, change: dict[str, Any], field: str) -> None:
    answer = owner.send("POST", "/api-keys", BODY | change)

    assert answer.status_code == 422
    assert [wrong["field"] for wrong in answer.get_json()["fields"]] == [field]


def test_only_who_manages_keys_and_has_just_signed_in_makes_one(
    owner: ApiClient, app: Flask, merchant: MerchantScope
) -> None:
    codes = {}
    for role in ("admin", "agent", "viewer"):
        codes[role] = ApiClient(app, merchant, role).send("POST", "/api-keys", BODY).status_code
    key_id = owner.post("/api-keys", BODY)["id"]
    old, client = bearer(app, merchant, "owner", age=timedelta(minutes=6)), app.test_client()

    assert codes == {"admin": 201, "agent": 403, "viewer": 403}
    assert client.get("/api/v1/api-keys", headers=old).status_code == 200
    for answer in (
        client.post("/api/v1/api-keys", headers=old, json=BODY),
        client.delete(f"/api/v1/api-keys/{key_id}", headers=old),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_STEP_UP_REQUIRED")


@pytest.mark.parametrize("role", ["agent", "viewer", "machine"])
def test_no_key_may_more_than_its_maker(app: Flask, merchant: MerchantScope, role: str) -> None:
    """Should a role that may less be let make keys one day."""
    person = create_person(app.extensions["database"])
    scope = MerchantScope(merchant.merchant_id, role=role, user_id=person.id)
    with app.extensions["database"].unit_of_work(scope) as session, pytest.raises(ValidationFailed):
        api_keys.make(session, name="x", scopes=["orders.read", "webhooks.manage"], expires_at=None)


def test_keys_end_with_what_their_maker_may(owner: ApiClient, app: Flask, merchant: MerchantScope) -> None:
    admin = ApiClient(app, merchant, "admin")
    member = member_of(admin)
    small, large = (
        admin.post("/api-keys", {"name": "x", "scopes": scopes})["key"] for scopes in (["orders.read"], sorted(SCOPES))
    )
    version = member["version"]
    assert isinstance(version, int)
    path = f"/members/{member['id']}"

    assert owner.send("PUT", path, {"role": "viewer"}, version=version).status_code == 200
    assert [send(app, key).status_code for key in (small, large)] == [200, 401]
    assert owner.send("DELETE", path).status_code == 204
    assert send(app, small).status_code == 401


def test_keys_of_a_disabled_person_end(owner: ApiClient, app: Flask, worker: Runtime) -> None:
    key = owner.post("/api-keys", BODY)["key"]

    accounts.disable_user(worker.database, UUID(owner.get("/auth/me")["id"]))
    assert send(app, key).status_code == 401


def test_requests_of_a_key_are_counted_like_those_of_a_person(owner: ApiClient, environment: dict[str, str]) -> None:
    key, other = (owner.post("/api-keys", BODY)["key"] for _ in range(2))
    limited = create_app(load({**environment, "RATE_LIMIT_PERSON_MAX_REQUESTS": "2"}))
    try:
        answers = [send(limited, key) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0].headers["RateLimit-Limit"] == "2"
        assert send(limited, other).status_code == 200
    finally:
        limited.extensions["webhooks"].close()
        limited.extensions["database"].dispose()
