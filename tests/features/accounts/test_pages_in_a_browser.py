"""The pages of mailed links, as a person uses them: a real browser, our own script, the policy of the page in force."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright
from werkzeug.serving import make_server

from callwaiting.factory import Runtime
from tests.api_client import ApiClient
from tests.factories.people import PASSWORD, create_person
from tests.features.accounts.conftest import Mailbox, deliver, link_in
from tests.features.accounts.test_invitations import EMAIL, invite, owner, post, teams

__all__ = ["owner"]  # a fixture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="NO BROWSER FOUND: the pages of mailed links are not tried out"
)


@pytest.fixture(scope="module")
def address(shared_app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, shared_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may be refused by its policy, nor any script fail."""
    complaints: list[str] = []
    with browser.new_context() as context:
        made = context.new_page()
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.on(
            "console", lambda line: complaints.append(line.text) if "Content Security Policy" in line.text else None
        )
        yield made
    assert complaints == []


def outcome(page: Page) -> str:
    page.wait_for_function("() => document.getElementById('outcome').textContent")
    return page.locator("#outcome").inner_text()


def test_a_newcomer_accepts_an_invitation(
    owner: ApiClient, app: Flask, worker: Runtime, address: str, page: Page
) -> None:
    token = invite(owner, worker)
    page.goto(f"{address}/app/invitation#{token}")
    page.get_by_label("Your name").fill("Maria Rossi")
    assert EMAIL in page.locator("#lead").inner_text()
    assert token not in page.url
    page.get_by_label("A password").fill(PASSWORD)
    page.get_by_role("button", name="Join").click()

    assert "Welcome to the team" in outcome(page)
    assert [role for _, role in teams(app, EMAIL, PASSWORD)] == ["agent"]


def test_an_address_is_confirmed_with_the_password_of_its_sign_up(
    app: Flask, worker: Runtime, address: str, page: Page
) -> None:
    post(app, "sign-up", {"email": EMAIL, "name": "Paola", "password": PASSWORD})
    page.goto(f"{address}/app/verify-email#{link_in(deliver(worker, Mailbox())[-1])}")
    page.get_by_label("Your password").fill("seven quiet lamps wander")
    page.get_by_role("button").click()
    assert "not the password" in outcome(page)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button").click()
    page.get_by_text("the address is confirmed").wait_for()

    assert post(app, "sign-in", {"email": EMAIL, "password": PASSWORD}).status_code == 200


def test_a_new_password_is_saved_and_a_weak_one_is_not(app: Flask, worker: Runtime, address: str, page: Page) -> None:
    maria = create_person(worker.database, password=PASSWORD)
    page.goto(f"{address}/app/forgotten-password")
    page.get_by_label("E-mail address").fill(maria.email)
    page.get_by_role("button").click()
    assert "there is a mail on its way" in outcome(page)

    page.goto(f"{address}/app/new-password#{link_in(deliver(worker, Mailbox())[-1])}")
    page.get_by_label("New password").fill("password1234")
    page.get_by_role("button").click()
    assert "saved" not in outcome(page)
    page.get_by_label("New password").fill("seven quiet lamps wander")
    page.get_by_role("button").click()
    page.get_by_text("Your new password is saved").wait_for()

    signed_in = post(app, "sign-in", {"email": maria.email, "password": "seven quiet lamps wander"})
    assert signed_in.status_code == 200


def test_a_link_without_its_token_says_what_to_do(address: str, page: Page) -> None:
    for name in ("invitation", "new-password", "verify-email"):
        page.goto(f"{address}/app/{name}")
        assert "open the link in the mail once more" in outcome(page)
        assert page.locator("form").is_hidden()
