"""What ends access works on the next request, in every process, however long the token would still be good."""

from __future__ import annotations

from collections.abc import Callable

import psycopg2
import pytest
from flask import Flask

from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.accounts import service as accounts
from callwaiting.features.accounts import signing_keys
from tests.factories.people import Person, join
from tests.features.accounts.conftest import Browser


@pytest.fixture
def elsewhere(app: Flask, fresh_app: Flask, browser: Browser, maria: Person, merchant: MerchantScope) -> Browser:
    """Maria's token, used against another process, with pools and caches of its own; both have just served her."""
    join(app.extensions["database"], maria, merchant, "admin")
    browser.sign_in(maria.email)
    there = Browser(fresh_app.test_client(), token=browser.token)
    assert there.get("me").status_code == browser.get("me").status_code == 200
    return there


def execute(admin_url: str, statement: str) -> None:
    connection = psycopg2.connect(admin_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def refused(browser: Browser) -> tuple[int, str]:
    """What a page of one statement, a page of several and a route of the account answer alike."""
    header = {"Authorization": f"Bearer {browser.token}"}
    found = {
        (answer.status_code, answer.get_json()["code"])
        for answer in (
            *(browser.client.get(f"/api/v1/{path}", headers=header) for path in ("alerts", "orders")),
            browser.get("me"),
        )
    }
    assert len(found) == 1
    return found.pop()


ENDS: dict[str, Callable[[Browser, Runtime, Person, str], object]] = {
    "sign-out": lambda browser, *_: browser.post("sign-out"),
    "sign-out everywhere": lambda browser, *_: browser.post("sign-out-everywhere"),
    "session revoked": lambda browser, *_: browser.delete(
        f"sessions/{browser.get('sessions').get_json()['items'][0]['id']}"
    ),
    "user disabled": lambda _, worker, maria, __: accounts.disable_user(worker.database, maria.id),
    "MFA reset": lambda _, worker, maria, __: accounts.reset_mfa(worker.database, maria.id),
    "role changed": lambda *given: execute(given[-1], "update app.memberships set version = version + 1"),
    "member removed": lambda *given: execute(given[-1], "delete from app.memberships"),
    "session gone": lambda *given: execute(given[-1], "delete from app.sessions"),
}


@pytest.mark.parametrize("how", ENDS)
def test_token_is_refused_on_the_next_request_everywhere(
    browser: Browser, elsewhere: Browser, worker: Runtime, maria: Person, admin_url: str, how: str
) -> None:
    ENDS[how](browser, worker, maria, admin_url)

    assert refused(elsewhere) == (401, "AUTH_TOKEN_REVOKED")
    assert refused(browser) == (401, "AUTH_TOKEN_REVOKED")


def test_suspended_merchant_is_told_so(elsewhere: Browser, admin_url: str) -> None:
    execute(admin_url, "update app.merchants set status = 'suspended'")

    assert refused(elsewhere) == (403, "MERCHANT_SUSPENDED")


@pytest.mark.parametrize("column", ["idle_until", "expires_at"])
def test_session_that_is_over_says_so(elsewhere: Browser, admin_url: str, column: str) -> None:
    execute(admin_url, f"update app.sessions set {column} = now() - interval '1 second'")

    assert refused(elsewhere) == (401, "AUTH_SESSION_EXPIRED")


def test_changed_role_is_in_the_next_token(browser: Browser, elsewhere: Browser, admin_url: str) -> None:
    execute(admin_url, "update app.memberships set role = 'viewer', version = version + 1")

    assert refused(elsewhere) == (401, "AUTH_TOKEN_REVOKED")
    assert browser.refresh().get_json()["role"] == "viewer"


@pytest.mark.usefixtures("keys_of_tokens_change")
def test_revoked_key_ends_its_tokens_and_the_next_key_takes_over(
    browser: Browser, elsewhere: Browser, worker: Runtime
) -> None:
    with worker.database.unit_of_work(SystemScope("revoke", actor="operator")) as session:
        active = next(key.kid for key in signing_keys.list_keys(session) if key.state == "active")
        signing_keys.revoke(session, active)

    assert refused(elsewhere) == (401, "AUTH_TOKEN_REVOKED")
    assert browser.refresh().status_code == 200  # the session lives: only the token was of the leaked key
    elsewhere.token = browser.token
    assert elsewhere.get("me").status_code == 200


def test_token_of_another_user_for_ones_own_session_is_refused(
    app: Flask, browser: Browser, maria: Person, elsewhere: Browser, admin_url: str
) -> None:
    """Session and user must belong together, were they even signed by us."""
    execute(admin_url, "insert into app.users (id, email_sealed, email_hash, name_sealed, status)"
            " values (gen_random_uuid(), '', 'x', '', 'active')")  # fmt: skip
    execute(admin_url, f"update app.sessions set user_id = (select id from app.users where id <> '{maria.id}')")

    assert refused(elsewhere) == (401, "AUTH_TOKEN_REVOKED")
