"""A browser that signs in, and the mails that it caused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from callwaiting.factory import Runtime
from callwaiting.features.mails import sending
from callwaiting.providers.ports import MailMessage
from tests.factories.people import PASSWORD, Person, create_person

HOME = "http://callwaiting.test"


@dataclass
class Mailbox:
    """A mail server that keeps what it gets."""

    mails: list[MailMessage] = field(default_factory=list)

    def send(self, message: MailMessage) -> None:
        self.mails.append(message)


@dataclass
class Browser:
    """A client with cookies, that sends Origin and the CSRF token as a page of ours does."""

    client: FlaskClient
    address: str = "198.51.100.7"
    agent: str = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
    token: str = ""
    csrf: str = ""

    def post(self, path: str, body: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        return self.client.post(f"/api/v1/auth/{path}", json=body or {}, headers=self._headers(headers), **self._from())

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"/api/v1/auth/{path}", headers=self._headers({}), **self._from())

    def delete(self, path: str) -> TestResponse:
        return self.client.delete(f"/api/v1/auth/{path}", headers=self._headers({}), **self._from())

    def sign_in(self, email: str, password: str = PASSWORD, *, remember: bool = False) -> TestResponse:
        return self._keep(self.post("sign-in", {"email": email, "password": password, "remember": remember}))

    def refresh(self) -> TestResponse:
        return self._keep(self.post("refresh"))

    def cookie(self, name: str) -> str:
        found = self.client.get_cookie(name, "callwaiting.test")
        return found.value if found else ""

    def set_cookie(self, name: str, value: str) -> None:
        self.client.set_cookie(name, value, domain="callwaiting.test")

    def _keep(self, answer: TestResponse) -> TestResponse:
        if answer.status_code == 200:
            body = answer.get_json()
            self.token, self.csrf = body["access_token"], body["csrf_token"]
        return answer

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        headers = {"Origin": HOME, "User-Agent": self.agent}
        if self.csrf:
            headers["X-CSRF-Token"] = self.csrf
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in (headers | named).items() if value}

    def _from(self) -> dict[str, Any]:
        return {"base_url": HOME, "environ_overrides": {"REMOTE_ADDR": self.address}}


@pytest.fixture
def browser(app: Flask) -> Browser:
    return Browser(app.test_client())


@pytest.fixture
def maria(worker: Runtime, app: Flask) -> Person:
    """A verified person with a password, in no team."""
    return create_person(app.extensions["database"], email="maria@example.com", password=PASSWORD)


@pytest.fixture
def mailbox(worker: Runtime) -> Mailbox:
    return Mailbox()


def deliver(worker: Runtime, mailbox: Mailbox) -> list[MailMessage]:
    """All mails so far, after those that wait have been sent."""
    sending.send_due(worker.database, mailbox)
    return mailbox.mails


def link_in(mail: MailMessage) -> str:
    """The token in the mail's link."""
    return next(line for line in mail.text.splitlines() if "#" in line).split("#")[1]
