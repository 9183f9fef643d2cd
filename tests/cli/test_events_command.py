"""`callwaiting events` as an operator uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Literal

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from callwaiting.cli import events, group
from callwaiting.cli.runtime import worker_runtime
from callwaiting.core.errors import Permanent
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.webhooks import drain
from callwaiting.features.webhooks.service import StoredEvent
from callwaiting.providers.registry import Providers
from tests.factories.stored_events import event_row, rows, store_event, store_source


@pytest.fixture
def operator(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    made: list[Runtime] = []

    def build_and_keep() -> Runtime:
        made.append(worker_runtime())
        return made[-1]

    monkeypatch.setattr(events, "worker_runtime", build_and_keep)
    yield CliRunner()
    for runtime in made:
        runtime.close()


def run(operator: CliRunner, *arguments: str) -> Result:
    return operator.invoke(group, ["events", *arguments])


def actions(admin_url: str) -> list[tuple[str, str]]:
    found = rows(
        admin_url,
        "select r->>'action' as action, r->>'actor' as actor from audit.outbox,"
        " cast(convert_from(record, 'UTF8') as jsonb) r where r->>'action' like 'webhook.%%'",
        None,
    )
    return [(row["action"], row["actor"].split(":")[0]) for row in found]


def test_list_filters_and_never_shows_a_body(operator: CliRunner, worker: Runtime, merchant: MerchantScope) -> None:
    source = store_source(worker, merchant)
    done = store_event(worker, source, raw=b"a secret of the caller")
    drain.drain(worker.database, worker.providers, {})
    received = store_event(worker, source, event_type="other.event", object_key="thing_1")

    assert run(operator, "list", "--object", "thing_1", "--json").stdout.count(str(received)) == 1
    assert str(done) not in run(operator, "list", "--object", "thing_1").stdout
    assert str(done) in run(operator, "list").stdout
    found = run(operator, "list", "--status", "received", "--type", "other.event", "--since", "1h", "--json")
    assert [json.loads(line)["id"] for line in found.stdout.splitlines()] == [str(received)]
    assert run(operator, "list", "--provider", "paypal").stdout == ""
    mine = run(operator, "list", "--merchant", str(merchant.merchant_id), "--json").stdout
    assert [json.loads(line)["id"] for line in mine.splitlines()] == [str(done)]
    assert "secret" not in run(operator, "list", "--json").output + run(operator, "show", str(done), "--json").output


def test_a_body_is_shown_on_demand_and_audited(
    operator: CliRunner, worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    event_id = store_event(worker, store_source(worker, merchant), raw=b"a secret of the caller")
    drain.drain(worker.database, worker.providers, {})
    assert actions(admin_url) == []
    shown = run(operator, "show", str(event_id), "--body")
    assert "a secret of the caller" in shown.stdout
    assert "ignored" in shown.stdout
    assert actions(admin_url) == [("webhook.body_read", "operator")]


def refuse(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
    raise Permanent("cannot be")


def test_dead_events_are_replayed(
    operator: CliRunner, worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    refused = store_event(worker, store_source(worker, merchant), event_type="bad")
    unroutable = store_event(worker, store_source(worker, None, account="*"), event_type="bad")
    drain.drain(worker.database, worker.providers, {("stripe", "bad"): refuse})
    assert {event_row(admin_url, one)["status"] for one in (refused, unroutable)} == {"dead"}

    assert run(operator, "replay", "--all-dead").exit_code == 2  # no reason
    assert run(operator, "replay", "--reason", "x").exit_code == 2  # nothing named
    assert run(operator, "replay", "--all-dead", "--type", "good", "--reason", "x").stdout == ""
    replayed = run(operator, "replay", "--all-dead", "--reason", "mended", "--json")
    assert replayed.exit_code == 0
    assert {json.loads(line)["event"] for line in replayed.stdout.splitlines()} == {str(refused), str(unroutable)}
    assert {event_row(admin_url, one)["status"] for one in (refused, unroutable)} == {"received"}
    assert actions(admin_url).count(("webhook.replayed", "operator")) == 2

    again = run(operator, "replay", str(refused), "--reason", "mended")
    assert again.exit_code == 1
    assert "is received" in again.output


def test_a_dry_run_changes_nothing(
    operator: CliRunner, worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    event_id = store_event(worker, store_source(worker, merchant), event_type="nobody.cares")
    drain.drain(worker.database, worker.providers, {})
    tried = run(operator, "replay", str(event_id), "--dry-run", "--json")
    assert json.loads(tried.stdout) == {"event": str(event_id), "outcome": "ignored", "changes": [], "error": ""}
    assert event_row(admin_url, event_id)["status"] == "ignored"
    assert actions(admin_url) == []
