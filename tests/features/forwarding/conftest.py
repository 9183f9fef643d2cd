"""A shop whose line is rung by the stand-in, which rings the application in turn, by real signed requests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts.models import Alert
from callwaiting.features.calls.models import Call
from callwaiting.features.messages.models import Message
from callwaiting.features.outbox import drain
from callwaiting.features.reception import service as reception
from callwaiting.features.webhooks.source_admin import RegisteredSource
from callwaiting.providers.registry import build_providers
from callwaiting.sandbox.app import sandbox_of
from callwaiting.sandbox.config import Config
from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.server import SandboxServer
from tasks.effects import PERFORMERS
from tasks.webhook_handlers import HANDLERS
from tests.api_client import ApiClient
from tests.factories.merchants import create_merchant
from tests.factories.phone_numbers import NUMBER, create_number
from tests.factories.stored_events import rows
from tests.factories.webhooks import make_source
from tests.tasks.test_handlers import twilio_event

LINE = "+12125550190"
OTHER, STRANGERS = "+12125550101", "+12125550102"


@dataclass
class Shop:
    owner: ApiClient
    worker: Runtime
    sandbox: Sandbox
    admin_url: str
    number_id: UUID
    source: RegisteredSource

    @property
    def scope(self) -> MerchantScope:
        return self.owner.scope

    @property
    def path(self) -> str:
        return f"/phone-numbers/{self.number_id}/forwarding-tests"

    def line(self, **behaviour: object) -> None:
        """How the shop's own line behaves."""
        self.sandbox.configure({"twilio": {"lines": {LINE: behaviour}}})

    def behave(self, **twilio: object) -> None:
        """How Twilio's API behaves. Webhooks are kept, and told by `tell`."""
        self.sandbox.behaviours.replace({"api": {"twilio": twilio}, "webhooks": {"withhold": True}})

    def start(self) -> str:
        return str(self.owner.post(self.path)["id"])

    def work(self) -> None:
        """What the worker does about planned calls to providers that are due, or wait to be tried again."""
        rows(self.admin_url, "update app.outbox set next_at = now() where state in ('retry', 'unknown')")
        drain.drain(self.worker.database, self.worker.providers, PERFORMERS)

    def later(self) -> None:
        """All that was planned for later is due."""
        rows(self.admin_url, "update app.outbox set next_at = now() where state = 'planned'")
        self.work()

    def made(self) -> list[Any]:
        """The calls that we made, each at its end."""
        until = time.monotonic() + 10
        while True:
            found = [row for row in self.sandbox.store.rows("calls") if row.get("direction") == "outbound-api"]
            if all(row["ended"] for row in found):
                return found
            assert time.monotonic() < until, "the line rings on"
            time.sleep(0.02)

    def tell(self) -> list[str]:
        """Hand every notice that Twilio has for us to its handler; what came of each."""
        self.made()
        notices = [row["body"] for row in self.sandbox.store.rows("deliveries") if row["state"] == "withheld"]
        outcomes: list[str] = []
        for body in notices:
            form = dict(parse_qsl(body, keep_blank_values=True))
            event = twilio_event("call.status", form["CallSid"], **form)
            with self.worker.database.unit_of_work(self.scope) as session:
                outcomes.append(HANDLERS["twilio", "call.status"](session, event, self.worker.providers))
        return outcomes

    def played(self) -> dict[str, Any]:
        """One test from its start to its end."""
        test_id = self.start()
        self.work()
        self.tell()
        return self.shown(test_id)

    def shown(self, test_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.owner.get(f"{self.path}/{test_id}")
        return found

    def traces(self) -> tuple[int, int, int]:
        """How many calls, texts and alerts the business has."""
        with self.worker.database.unit_of_work(self.scope) as session:
            return tuple(len(session.scalars(select(kind.id)).all()) for kind in (Call, Message, Alert))  # type: ignore[return-value]

    def age(self, *, minutes: int) -> None:
        """All tests were started so much earlier."""
        earlier = "update app.forwarding_tests set created_at = created_at - make_interval(mins => %s)"
        rows(self.admin_url, earlier, minutes)


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    made = SandboxServer(Config(), 0)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def shop(app: Flask, owner: ApiClient, worker: Runtime, admin_url: str, server: SandboxServer) -> Iterator[Shop]:
    settings = worker.settings.model_copy(update={"twilio_api_base": f"{server.url}/twilio"})
    account, token = settings.twilio_account_sid, settings.twilio_auth_token.get_secret_value()
    source = make_source(worker, "twilio", account=account, secret=token)
    sandbox = sandbox_of(server.app)
    number = {"voice_url": f"{source.public_url}/voice", "status_url": source.public_url}
    numbers = dict.fromkeys((NUMBER, OTHER, STRANGERS), number)
    sandbox.configure({"twilio": {"account_sid": account, "auth_token": token, "numbers": numbers, "lines": {}}})
    sandbox.behaviours.replace({"webhooks": {"withhold": True}})
    number_id = create_number(worker, owner.scope)
    create_number(worker, owner.scope, OTHER)
    create_number(worker, create_merchant(worker, "Mario's"), STRANGERS)
    with worker.database.unit_of_work(owner.scope) as session:
        reception.change(
            session, 1, address="", business_line=LINE, transfer_to=None, transfer_when="never", voicemail=False,
            record_calls=False, language_model=False,
        )  # fmt: skip
    runtime = replace(worker, settings=settings, providers=build_providers(settings))
    usual = sandbox.client
    with httpx.Client(transport=httpx.WSGITransport(app=app)) as sandbox.client:
        yield Shop(owner, runtime, sandbox, admin_url, number_id, source)
    sandbox.client = usual
    sandbox.store.clear()
