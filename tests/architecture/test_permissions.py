"""Every route against every role, from the URL map itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from uuid import uuid4

import pytest
from flask import Flask

from callwaiting.core.http.auth import policy_of
from callwaiting.core.http.permissions import PERMISSIONS, TEAM, Role
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime, create_app
from tests.factories.tokens import bearer

# Permissions whose routes are still to come. Empty when the API is complete.
AWAITED = {
    "account.use",
    "api_keys.manage",
    "api_keys.read",
    "bookings.read",
    "bookings.write",
    "kpis.read",
    "members.manage",
    "members.read",
    "users.manage",
}


class Route(NamedTuple):
    endpoint: str
    method: str
    path: str


@pytest.fixture
def app(environment: dict[str, str], worker: Runtime) -> Iterator[Flask]:
    made = create_app(load({**environment, "RATE_LIMIT_MAX_REQUESTS": "100000"}))
    yield made
    made.extensions["database"].dispose()


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


@pytest.mark.parametrize("role", [*sorted(TEAM), "", "root", "Owner"])
def test_each_role_gets_in_where_the_table_says(app: Flask, merchant: MerchantScope, role: str) -> None:
    client, headers = app.test_client(), bearer(app, merchant, role)
    with app.app_context():
        named = {route: policy_of(route.endpoint) for route in routes(app, "requires")}
    for route, policy in named.items():
        assert policy is not None
        allowed = role in PERMISSIONS[policy.name]
        answer = client.open(route.path, method=route.method, headers=headers, json={})
        assert (answer.status_code != 403) == allowed, f"{role} at {route}: {answer.status_code}"


def test_who_may_come_in_without_a_token_is_a_short_list(app: Flask) -> None:
    """Reviewed: a new open route is added here on purpose."""
    assert {route.endpoint.partition(".")[0] for route in routes(app, "public")} == {
        "account_pages",
        "accounts",
        "docs",
        "factors",
        "health",
        "payment_page",
    }
    assert Role.OPERATOR not in TEAM
