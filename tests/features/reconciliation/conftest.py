"""A payable order, and a worker whose providers are the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import select

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts.models import Alert
from callwaiting.features.payments import ledger
from callwaiting.features.reconciliation.models import ReconcileFinding
from callwaiting.providers.registry import build_providers
from callwaiting.sandbox.app import sandbox_of
from callwaiting.sandbox.config import Config
from callwaiting.sandbox.server import SandboxServer
from tests.factories.payments import SHOP_NUMBER
from tests.tasks.test_handlers import CREDENTIALS, World, world

__all__ = ["world"]
ACCOUNT, TOKEN = "AC" + "0" * 32, "token-of-the-tests"
TWILIO = {"account_sid": ACCOUNT, "auth_token": TOKEN, "numbers": {SHOP_NUMBER: {}}}


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    made = SandboxServer(Config(), 0)
    sandbox_of(made.app).configure({**CREDENTIALS, "twilio": TWILIO})
    made.start()
    yield made
    made.stop()


@dataclass
class Books:
    """The sandbox's controls, and what the comparison has left behind."""

    world: World
    runtime: Runtime

    @property
    def scope(self) -> MerchantScope:
        return self.world.payable.scope

    def control(self, path: str, **body: object) -> Any:
        answer = httpx.post(f"{self.world.server.url}/_sandbox/{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def behave(self, **behaviours: object) -> None:
        answer = httpx.put(f"{self.world.server.url}/_sandbox/behaviours", json=behaviours)
        assert answer.status_code == 200, answer.text

    def findings(self, state: str | None = None) -> list[tuple[str, str, str, str, str]]:
        """Subject, kind, both sides and state of each, in order."""
        with self.runtime.database.unit_of_work(self.scope) as session:
            rows = session.scalars(select(ReconcileFinding).order_by(ReconcileFinding.id)).all()
            return [
                (row.subject, row.kind, row.ours, row.theirs, row.state)
                for row in rows
                if state is None or row.state == state
            ]

    def alerts(self, rule: str = "reconciliation.differs") -> list[tuple[str, int]]:
        """State and count of each alert of a rule."""
        with self.runtime.database.unit_of_work(self.scope) as session:
            rows = session.scalars(select(Alert).where(Alert.rule == rule).order_by(Alert.id)).all()
            return [(row.state, row.count) for row in rows]

    def balances(self) -> dict[str, int]:
        """What is left on each account of the ledger, which agrees with what it tells of."""
        with self.runtime.database.unit_of_work(self.scope) as session:
            assert ledger.differences(session) == []
            return {row.account: row.debit - row.credit for row in ledger.balances(session)}


@pytest.fixture
def books(world: World, worker: Runtime) -> Books:
    base = world.server.url
    settings = worker.settings.model_copy(
        update={
            "stripe_api_base": f"{base}/stripe",
            "paypal_api_base": f"{base}/paypal",
            "twilio_api_base": f"{base}/twilio",
            "twilio_account_sid": ACCOUNT,
            "twilio_auth_token": SecretStr(TOKEN),
        }
    )
    return Books(world, replace(worker, settings=settings, providers=build_providers(settings)))
