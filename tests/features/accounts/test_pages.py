"""The pages that mailed links lead to: there, closed to scripts of others, and sending to routes that exist."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from callwaiting.features.accounts.mail_links import PAGES as LINKED
from callwaiting.features.accounts.pages import PAGES


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
        assert source.startswith("/app/assets/")


@pytest.mark.parametrize("path", ["/app/console", "/app/assets/account.py", "/app/assets/..%2fpages.py", "/app/"])
def test_nothing_else_is_there(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_unchanged_page_is_not_sent_again(client: FlaskClient) -> None:
    tag = client.get("/app/verify-email").headers["ETag"]

    assert client.get("/app/verify-email", headers={"If-None-Match": tag}).status_code == 304
