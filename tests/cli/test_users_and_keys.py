"""`callwaiting users` and `callwaiting keys` against a real database."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from unittest import mock

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from callwaiting.cli import group
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tests.factories.people import PASSWORD
from tests.factories.stored_events import rows
from tests.features.accounts.conftest import Browser

Run = Callable[..., Result]


@pytest.fixture
def run(environment: dict[str, str], worker: Runtime) -> Run:
    def invoke(*words: str, given: str = "") -> Result:
        with mock.patch.dict(os.environ, environment):
            return CliRunner().invoke(group, list(words), input=given)

    return invoke


def create(run: Run, *more: str, password: str = PASSWORD) -> Result:
    words = ("users", "create", "--email", "ada@example.com", "--name", "Ada", "--password-file", "-", *more)
    return run(*words, given=f"{password}\n")


def test_created_owner_signs_in(run: Run, app: Flask, merchant: MerchantScope) -> None:
    made = create(run, "--merchant", str(merchant.merchant_id))

    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    answer = Browser(app.test_client()).sign_in("ada@example.com")
    assert (answer.get_json()["role"], answer.get_json()["merchant_id"]) == ("owner", str(merchant.merchant_id))


def test_operator_is_in_no_team_and_has_an_audience_of_its_own(run: Run, app: Flask) -> None:
    assert create(run, "--operator").exit_code == 0
    browser = Browser(app.test_client())
    body = browser.sign_in("ada@example.com").get_json()

    assert (body["role"], body["merchant_id"]) == ("operator", None)
    assert browser.get("me").status_code == 200
    headers = {"Authorization": f"Bearer {browser.token}"}
    assert browser.client.get("/api/v1/orders", headers=headers).status_code == 403


def test_a_business_is_opened_with_its_owner(run: Run, app: Flask) -> None:
    facts = ("--name", "Ada's", "--timezone", "Europe/London", "--currency", "GBP", "--region", "GB")
    assert create(run).exit_code == 0
    made = json.loads(run("merchants", "create", *facts, "--owner", "ada@example.com", "--json").stdout)

    body = Browser(app.test_client()).sign_in("ada@example.com").get_json()
    assert (body["role"], body["merchant_id"]) == ("owner", made["id"])
    assert [one["name"] for one in json.loads(run("merchants", "list", "--json").stdout)] == ["Ada's"]
    assert "Ada's" in run("merchants", "list").stdout
    for wrong, said in (("--currency", "currency"), ("--timezone", "timezone"), ("--region", "region")):
        refused = run("merchants", "create", *facts, wrong, "Nowhere")
        assert (refused.exit_code, said in refused.stderr) == (1, True)
    assert run("merchants", "create", *facts, "--owner", "nobody@example.com").exit_code == 1
    assert run("merchants", "create", *facts, "--name", " ").exit_code == 2
    assert len(json.loads(run("merchants", "list", "--json").stdout)) == 1


def test_what_cannot_be_is_said_in_a_line(run: Run, merchant: MerchantScope) -> None:
    assert create(run).exit_code == 0

    for again, said in ((create(run), "already"), (create(run, password="short"), "at least 12")):
        assert (again.exit_code, said in again.output) == (1, True), again.output
    assert create(run, "--operator", "--merchant", str(merchant.merchant_id)).exit_code == 2
    assert run("users", "disable", "nobody@example.com").exit_code == 1


def test_list_disable_and_reset(run: Run, app: Flask) -> None:
    create(run)
    browser = Browser(app.test_client())
    browser.sign_in("ada@example.com")

    (listed,) = json.loads(run("users", "list", "--json").output)
    assert (listed["email"], listed["name"], listed["status"]) == ("ada@example.com", "Ada", "active")
    assert run("users", "reset-mfa", "ada@example.com").exit_code == 0
    assert browser.get("me").status_code == 401
    assert run("users", "disable", "ADA@example.com").exit_code == 0
    assert browser.sign_in("ada@example.com").status_code in {401, 403}
    assert "disabled" in run("users", "list").output


@pytest.mark.usefixtures("keys_of_tokens_change")
def test_keys_rotate_and_revoke(run: Run, app: Flask, admin_url: str) -> None:
    create(run)
    browser = Browser(app.test_client())
    browser.sign_in("ada@example.com")
    before = {key["state"]: key["kid"] for key in json.loads(run("keys", "list", "--json").output)}
    rows(admin_url, "update app.signing_keys set created_at = now() - interval '2 minutes'")

    rotated = json.loads(run("keys", "rotate", "--json").output)

    assert rotated["kid"] == before["next"]
    states = {key["kid"]: key["state"] for key in json.loads(run("keys", "list", "--json").output)}
    assert (states[before["active"]], states[before["next"]]) == ("retired", "active")
    assert browser.get("me").status_code == 200  # the retired key still verifies
    young = run("keys", "rotate")
    assert (young.exit_code, "less than a minute" in young.output) == (1, True)
    assert run("keys", "revoke", before["active"]).exit_code == 0
    assert browser.get("me").get_json()["code"] == "AUTH_TOKEN_REVOKED"
    assert browser.refresh().status_code == 200
    assert browser.get("me").status_code == 200


def test_a_business_is_connected_to_whom_it_is_paid_through(
    run: Run, worker: Runtime, admin_url: str, merchant: MerchantScope
) -> None:
    mine = str(merchant.merchant_id)
    words = ("merchants", "connect", "--merchant", mine, "--mode", "test", "--provider")
    made = json.loads(run(*words, "stripe", "--account", "acct_1Luigi", "--json").stdout)
    assert (made["merchant_id"], made["account"]) == (mine, "acct_1Luigi")
    assert "the platform's own account" in run(*words, "paypal").stdout
    for more, why in (
        (("stripe", "--account", "acct_2"), "has an account at stripe"),
        (("stripe", "--account", "ca_1"), "acct_"),
        (("paypal", "--account", "acct_1"), "none to name"),
    ):
        refused = run(*words, *more)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert why in refused.stderr
    facts = ("--name", "Rosa", "--timezone", "Europe/London", "--currency", "GBP")
    other = json.loads(run("merchants", "create", *facts, "--json").stdout)["id"]
    taken = run(*("merchants", "connect", "--merchant", other, *words[4:]), "stripe", "--account", "acct_1Luigi")
    assert taken.exit_code == 1
    assert "leads to another merchant" in taken.stderr
    found = rows(admin_url, "select provider, account from app.payment_accounts order by provider", None)
    assert [(row["provider"], row["account"]) for row in found] == [("paypal", ""), ("stripe", "acct_1Luigi")]
