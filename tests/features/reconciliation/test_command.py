"""`callwaiting reconcile`, and PayPal's events, which reach us by its list."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from callwaiting.cli import reconcile as cli
from callwaiting.core.db import DatabaseRole
from callwaiting.factory import Runtime
from callwaiting.features.webhooks.inbox import Inbox
from callwaiting.features.webhooks.source_cache import read_source
from callwaiting.providers import paypal_signature
from callwaiting.providers.ports import SignedRequest
from tasks import reconcile as job
from tests.factories.webhooks import make_source
from tests.features.reconciliation.conftest import Books
from tests.features.webhooks.conftest import Query, query

__all__ = ["query"]  # a fixture


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch, books: Books) -> None:
    monkeypatch.setattr(job, "SETTLING", -timedelta(minutes=1))
    monkeypatch.setattr(cli, "worker_runtime", lambda: books.runtime)
    monkeypatch.setattr(Runtime, "close", lambda _: None)  # the runtime is shared by all tests


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.command, arguments)


def test_nothing_differs(books: Books) -> None:
    done = run("--provider", "stripe")
    assert done.exit_code == 0, done.output
    assert done.stdout.splitlines()[-1] == "OK: nothing differs"


def test_what_differs_is_told_and_the_status_says_so(books: Books, query: Query) -> None:
    source = make_source(books.runtime, "paypal", webhook_id="4JH86294D6297924G")
    books.control(f"paypal/orders/{books.world.open('paypal')}/approve")
    done = run("--provider", "paypal", "--since", "1h", "--json")

    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["what"], one["listed"], one["differing"]) for one in told] == [("events", 1, 1), ("money", 0, 0)]
    assert done.exit_code == 1
    rows = query("select event_type, origin, deliveries from app.webhook_events")
    assert rows == [{"event_type": "CHECKOUT.ORDER.APPROVED", "origin": "reconcile", "deliveries": 1}]
    deliver_late(books, source.public_id)
    (row,) = query("select origin, deliveries from app.webhook_events")
    assert row == {"origin": "reconcile", "deliveries": 2}
    assert run("--provider", "paypal", "--since", "1h").exit_code == 0


def deliver_late(books: Books, public_id: str) -> None:
    """The very delivery that was missing comes after all."""
    database = books.runtime.database
    (event,) = books.world.events("paypal")
    inbox = Inbox(database.url(DatabaseRole.WEBHOOK), after_commit=lambda: None, body_changed=lambda *_: None)
    source = read_source(database, DatabaseRole.WORKER, public_id)
    request = SignedRequest("POST", "", {"content-type": "application/json"}, event.raw)
    assert inbox.receive(paypal_signature.read_event(event.raw), request, source) == "repeated"
    inbox.close()


def test_a_provider_that_is_away_is_a_failure(books: Books) -> None:
    source = make_source(books.runtime, "stripe")
    books.behave(api={"stripe": {"fail_times": 9}})
    done = run("--provider", "stripe", "--since", "1h")
    assert done.exit_code == 1
    assert f"FAILED  stripe  events            source {source.public_id}" in done.stdout
    assert "FAILED  stripe  money" in done.stdout
    assert "providers.unavailable" in done.stdout


def test_wrong_usage() -> None:
    assert run("--provider", "adyen").exit_code == 2
    assert run("--since", "yesterday-ish").exit_code == 2
    assert run("--help").exit_code == 0
