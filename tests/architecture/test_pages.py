"""What holds for every answer that a browser may show, and for every script of ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from callwaiting.core.http.headers import NO_SCRIPT_SINKS
from callwaiting.features.accounts.pages import PAGES
from tests.architecture.test_routes import address

SOURCE = Path(__file__).parents[2] / "callwaiting"
SCRIPTS = sorted(path for path in SOURCE.rglob("*.js") if "node_modules" not in path.parts)
NOTHING = ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'")


def test_the_policy_of_every_answer_allows_nothing_by_default(app: Flask) -> None:
    client = app.test_client()
    asked = {address(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    policies = {path: client.get(path).headers["Content-Security-Policy"] for path in asked}

    assert len(policies) > 30
    for path, policy in policies.items():
        directives = [part.strip() for part in policy.split(";")]
        assert [part for part in NOTHING if part not in directives] == [], path
        assert not re.search(r"unsafe|[*]", policy), path


def test_no_page_lets_a_script_write_html(app: Flask) -> None:
    """`require-trusted-types-for` on every page, also those that say that a link does not work."""
    client = app.test_client()
    asked = {address(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or set())}
    asked |= {f"/app/{name}" for name in PAGES}
    pages = [answer for path in asked if (answer := client.get(path)).mimetype == "text/html"]

    assert len(pages) >= 8
    for answer in pages:
        assert NO_SCRIPT_SINKS in answer.headers["Content-Security-Policy"], answer.request.path


def test_passwords_are_masked_and_can_be_pasted(app: Flask) -> None:
    client = app.test_client()
    fields = [
        field for name in PAGES for field in re.findall(r"<input[^>]*password[^>]*>", client.get(f"/app/{name}").text)
    ]

    assert len(fields) >= 2
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(new|current)-password"', field)
        assert not re.search(r"readonly|maxlength|onpaste", field)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_stands_in_the_way_of_pasting(script: Path) -> None:
    assert not re.search(r"paste|keydown|keypress|beforeinput", script.read_text())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_sets_a_property_whose_name_it_was_given(script: Path) -> None:
    """So that no answer can reach a prototype; `Object.fromEntries` and spreading define own properties only."""
    assert not re.search(r"\]\s*(=(?!=)|\+=|\?\?=)|Object\.assign|defineProperty|__proto__", script.read_text())
