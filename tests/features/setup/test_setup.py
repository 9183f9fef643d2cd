"""`/api/v1/setup`: each step is done when its rows are there, and not before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.accounts import api_keys
from tests.api_client import ApiClient
from tests.factories.catalogue import create_menu
from tests.factories.payments import make_accounts
from tests.factories.stored_events import rows
from tests.features.kpis.test_api import FIRST, put_call


def number(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    owner.post("/phone-numbers", {"number": "+12125550107"})


def hours(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    body = {"periods": [{"weekday": 1, "opens": "11:00", "closes": "22:00"}]}
    assert owner.send("PUT", "/merchant/hours", body, version=1).status_code == 200


def offer(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    create_menu(worker, owner.scope)


def payments(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    make_accounts(worker, owner.scope)


def call(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    put_call(admin_url, owner, FIRST)


def forwarding(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    if not owner.get("/phone-numbers")["items"]:
        number(owner, worker, admin_url)
    rows(
        admin_url,
        "insert into app.forwarding_tests (merchant_id, id, phone_number_id, line_sealed, state)"
        " select merchant_id, gen_random_uuid(), id, 'x', 'works' from app.phone_numbers where merchant_id = %s",
        owner.scope.merchant_id,
    )


def authenticator(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    rows(
        admin_url,
        "insert into app.totp_factors (id, user_id, secret_sealed, label, confirmed_at)"
        " select gen_random_uuid(), user_id, 'x', '', now() from app.memberships where merchant_id = %s",
        owner.scope.merchant_id,
    )


STEPS = {step.__name__: step for step in (authenticator, number, hours, offer, payments, forwarding, call)}


def done(owner: ApiClient) -> list[str]:
    return [step["name"] for step in owner.get("/setup")["steps"] if step["done"]]


@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_done_by_its_own_rows(
    owner: ApiClient, stranger: ApiClient, worker: Runtime, admin_url: str, name: str
) -> None:
    take: Callable[[ApiClient, Runtime, str], None] = STEPS[name]
    assert done(owner) == []
    take(owner, worker, admin_url)

    assert done(owner) == (["number", name] if name == "forwarding" else [name])  # a number is tested
    assert done(stranger) == []


def test_when_all_is_done(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    assert owner.get("/setup")["ready"] is False
    for name, take in STEPS.items():
        if name not in {"hours", "payments"}:
            take(owner, worker, admin_url)
    found = owner.get("/setup")

    assert (found["ready"], found["open"]) == (True, 2)
    assert [step["name"] for step in found["steps"]] == list(STEPS)


def test_a_machine_may_ask_too(owner: ApiClient) -> None:
    database = owner.app.extensions["database"]
    person = owner.get("/members")["items"][0]["user_id"]
    scope = MerchantScope(owner.scope.merchant_id, role="owner", user_id=person)
    with database.unit_of_work(scope) as session:
        _, key = api_keys.make(session, name="x", scopes=frozenset({"merchant.read"}), expires_at=None)
    answer = owner.app.test_client().get("/api/v1/setup", headers={"Authorization": f"Bearer {key}"})

    assert answer.status_code == 200
