"""Every route against every role, from the URL map itself."""

from __future__ import annotations

import re
from typing import NamedTuple
from uuid import uuid4

import pytest
from flask import Flask

from callwaiting.core.http.auth import policy_of
from callwaiting.core.http.permissions import PERMISSIONS, SCOPES, TEAM, Role, permissions_of
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.accounts import api_keys, sessions
from callwaiting.features.accounts import service as accounts
from callwaiting.features.accounts.sign_in import scope_of_person
from tests.factories.people import DESK, PASSWORD, create_person
from tests.factories.tokens import bearer

# Permissions whose routes are still to come. Empty when the API is complete.
AWAITED: set[str] = set()


class Route(NamedTuple):
    endpoint: str
    method: str
    path: str


def routes(app: Flask, kind: str) -> list[Route]:
    """Every method of every route with this kind of policy, at an address that leads to it."""
    found = []
    with app.app_context():
        for rule in app.url_map.iter_rules():
            policy = policy_of(rule.endpoint)
            if policy is not None and policy.kind == kind:
                path = re.sub(r"<int:\w+>", "1", re.sub(r"<uuid:\w+>", str(uuid4()), rule.rule))
                path = re.sub(r"<[^>]+>", "x", path)
                found += [
                    Route(rule.endpoint, method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
                ]
    return found


def test_every_route_declares_a_policy(app: Flask) -> None:
    with app.app_context():
        assert [rule.rule for rule in app.url_map.iter_rules() if policy_of(rule.endpoint) is None] == []


def test_routes_and_table_name_the_same_permissions(app: Flask) -> None:
    with app.app_context():
        policies = [policy_of(route.endpoint) for route in routes(app, "requires")]
    used = {policy.name for policy in policies if policy is not None}

    assert used <= PERMISSIONS.keys()
    assert PERMISSIONS.keys() - used <= AWAITED


def test_nobody_gets_in_without_a_token(app: Flask) -> None:
    client = app.test_client()
    closed = routes(app, "requires")

    assert closed
    for route in closed:
        answer = client.open(route.path, method=route.method, json={})
        assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_TOKEN_MISSING"), route


MAY: dict[str, frozenset[str]] = {
    **{role.value: permissions_of(role) for role in Role if role is not Role.MACHINE},
    # Tokens that only we could sign.
    **dict.fromkeys(("", "root", "Owner", "machine"), frozenset()),
    # Machines, by their scopes.
    "a key with all scopes": SCOPES,
    "a key with one scope": frozenset({"orders.read"}),
}
LAST = "accounts.leave_everywhere"  # after it nothing is let in


@pytest.mark.parametrize("who", MAY)
def test_each_gets_in_where_the_table_says(app: Flask, worker: Runtime, merchant: MerchantScope, who: str) -> None:
    """Every role, and keys, at every method of every route: 403 or not."""
    client, headers = app.test_client(), headers_of(app, worker, merchant, who)
    with app.app_context():
        named = {route: policy_of(route.endpoint) for route in routes(app, "requires")}
    assert len(named) > 40
    for route, policy in sorted(named.items(), key=lambda item: item[0].endpoint == LAST):
        assert policy is not None
        answer = client.open(route.path, method=route.method, headers=headers, json={})
        if policy.name not in MAY[who]:
            assert (answer.status_code, answer.get_json()["code"]) == (403, "FORBIDDEN"), f"{who} at {route}"
        elif policy.step_up and who.startswith("a key"):
            assert answer.get_json()["code"] == "AUTH_STEP_UP_REQUIRED", f"{who} at {route}"
        else:
            assert answer.status_code not in {401, 403}, f"{who} at {route}: {answer.get_json()}"


def headers_of(app: Flask, worker: Runtime, merchant: MerchantScope, who: str) -> dict[str, str]:
    database = app.extensions["database"]
    if who == Role.OPERATOR:
        user_id = accounts.create_user(
            worker.database, email="op@example.com", name="Op", password=PASSWORD, operator=True
        )
        with database.unit_of_work(scope_of_person(user_id, "sign in")) as session:
            opened = sessions.open_session(session, DESK, amr=("pwd", "otp"), remember=False, operator=True)
        return {"Authorization": f"Bearer {opened.access_token}"}
    if not who.startswith("a key"):
        return bearer(app, merchant, who)
    scope = MerchantScope(merchant.merchant_id, role=Role.OWNER, user_id=create_person(database).id)
    with database.unit_of_work(scope) as session:
        _, key = api_keys.make(session, name="x", scopes=MAY[who], expires_at=None)
    return {"Authorization": f"Bearer {key}"}


def test_who_may_come_in_without_a_token_is_a_short_list(app: Flask) -> None:
    """Reviewed: a new open route is added here on purpose."""
    assert {route.endpoint.partition(".")[0] for route in routes(app, "public")} == {
        "account_pages",
        "accounts",
        "booking_feed",
        "booking_page",
        "docs",
        "factors",
        "health",
        "invitations",
        "link_pages",
        "payment_page",
        "receipt_page",
    }
    assert Role.OPERATOR not in TEAM
