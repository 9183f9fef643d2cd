"""The pages that mailed links lead to: there, closed to scripts of others, and sending to routes that exist."""

from __future__ import annotations

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from callwaiting.features.accounts.mail_links import PAGES as LINKED
from callwaiting.features.accounts.pages import PAGES
from tests.factories.stored_events import rows


@pytest.mark.parametrize("name", sorted({*LINKED.values(), "forgotten-password", "invitation"}))
def test_page_of_a_mailed_link_is_there_and_sends_to_the_api(app: Flask, client: FlaskClient, name: str) -> None:
    answer = client.get(f"/app/{name}")
    html = answer.get_data(as_text=True)

    assert answer.status_code == 200
    assert PAGES[name].title in html
    (action,) = re.findall(r'data-action="([^"]+)"', html)
    assert app.url_map.bind("callwaiting.test").match(action, method="POST")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", html)  # what the policy would refuse
    for source in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert client.get(source).status_code == 200
        assert source.startswith("/app/assets/") or source == "/app/forgotten-password"


@pytest.mark.parametrize("path", ["/app/console", "/app/assets/account.py", "/app/assets/..%2fpages.py", "/app/"])
def test_nothing_else_is_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_unchanged_page_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get("/app/verify-email").headers["ETag"]

    assert client.get("/app/verify-email", headers={"If-None-Match": tag}).status_code == 304


def test_nobody_is_asked_for_a_hint_or_a_secret_question(client: FlaskClient, admin_url: str) -> None:
    """Neither by the API of accounts, nor on a page, and nothing of the kind is kept."""
    described = client.get("/openapi.json").get_json()
    of_accounts = {path: item for path, item in described["paths"].items() if "/auth/" in path or "/account" in path}
    kept = rows(
        admin_url,
        "select table_name, column_name from information_schema.columns where table_schema = 'app'"
        " and table_name in ('users', 'account_tokens', 'sessions', 'recovery_codes', 'memberships', 'invitations')",
    )
    pages = [client.get(f"/app/{name}").text for name in PAGES]

    assert len(of_accounts) > 10
    assert len(kept) > 30
    for told in (json.dumps(of_accounts), json.dumps(kept), *pages):
        assert not re.search(r"(?i)\bhint|secret question|security question|maiden|first pet", told)
    fields = set(re.findall(r'<input[^>]*name="(\w+)"', "".join(pages)))
    assert fields <= {"email", "password", "name", "token"}
