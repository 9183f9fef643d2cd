"""The walk over the URL map: every route says who may use it, and means it."""

from __future__ import annotations

import re
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from callwaiting.core.http.auth import AccessPolicy, policy_of


def policies(app: Flask) -> list[tuple[Rule, AccessPolicy | None]]:
    with app.app_context():
        return [(rule, policy_of(rule.endpoint)) for rule in app.url_map.iter_rules()]


def address(rule: Rule) -> str:
    """An address that the rule matches."""
    return re.sub(r"<(?:(\w+)[^:>]*:)?\w+>", lambda found: str(uuid4()) if found[1] == "uuid" else "1", rule.rule)


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def test_every_route_declares_its_policy(app: Flask) -> None:
    found = policies(app)

    assert len(found) > 5
    assert [rule.rule for rule, policy in found if policy is None] == []


def test_routes_that_require_a_permission_refuse_without_a_token(app: Flask, client: FlaskClient) -> None:
    required = [rule for rule, policy in policies(app) if policy and policy.kind == "requires"]
    assert required

    for rule in required:
        for method in methods(rule):
            answer = client.open(address(rule), method=method)
            assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_TOKEN_MISSING"), rule.rule


def test_signed_routes_refuse_without_a_signature(app: Flask, client: FlaskClient) -> None:
    signed = [rule for rule, policy in policies(app) if policy and policy.kind == "signed"]
    assert signed

    for rule in signed:
        for method in methods(rule):
            answer = client.open(address(rule), method=method, data=b"{}", content_type="application/json")
            assert 400 <= answer.status_code < 500, (rule.rule, answer.status_code)


# Reviewed: those that come here have nothing to show yet but a password, a cookie or a mailed token.
OPEN_DOORS = {
    "/api/v1/auth/" + name
    for name in (
        "sign-up", "verify-email", "sign-in", "sign-in/code", "refresh", "sign-out", "password-reset",
        "password-reset/confirm",
        "invitation", "invitation/accept",
    )
}  # fmt: skip


def test_api_lies_under_its_prefix_and_requires_a_permission(app: Flask) -> None:
    for rule, policy in policies(app):
        assert policy is not None
        closed = rule.rule.startswith("/api/") and rule.rule not in OPEN_DOORS
        assert closed == (policy.kind == "requires"), rule.rule
        assert rule.rule.startswith("/webhooks/") == (policy.kind == "signed"), rule.rule


def test_only_reading_routes_answer_to_get(app: Flask, client: FlaskClient) -> None:
    """A link in a mail or a prefetching browser must not change anything."""
    for rule in app.url_map.iter_rules():
        assert not ({"GET", "POST"} <= (rule.methods or set())), f"{rule.rule} takes GET and POST in one view"
