"""What the provider lists and we lack is fetched, once, and somebody is told."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from callwaiting.core import clock
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.payments.models import PaymentAccount
from callwaiting.features.webhooks.inbox import Inbox
from callwaiting.features.webhooks.reconcile import Comparison, due_sources, reconcile
from callwaiting.features.webhooks.source_cache import read_source
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers import registry
from callwaiting.providers.ports import ProviderRejected, SignedRequest, VerifiedEvent
from tasks.reconcile import reconcile_sources
from tests.factories.webhooks import make_source, stripe_body
from tests.features.webhooks.conftest import Query
from tests.providers.api_server import Answer, ApiServer, Received, api_server, json_answer

WINDOW = (clock.now() - timedelta(hours=1), clock.now())


@contextmanager
def stripe(worker: Runtime, events: Callable[[Received], Sequence[bytes]]) -> Iterator[tuple[Runtime, ApiServer]]:
    """The worker's runtime with a Stripe that lists these events."""
    with api_server() as server:
        server.answer = lambda request: json_answer(
            {"object": "list", "has_more": False, "data": [orjson.loads(body) for body in events(request)]}
        )
        settings = worker.settings.model_copy(update={"stripe_api_base": server.url})
        yield replace(worker, settings=settings, providers=registry.build_providers(settings)), server


@pytest.fixture
def inbox(worker: Runtime) -> Iterator[Inbox]:
    made = Inbox(worker.database.url(DatabaseRole.WEBHOOK), after_commit=lambda: None, body_changed=lambda *_: None)
    yield made
    made.close()


@pytest.fixture
def source(worker: Runtime) -> Source:
    return read_source(worker.database, DatabaseRole.WORKER, make_source(worker).public_id)


def test_missing_events_are_stored_and_alerted(worker: Runtime, inbox: Inbox, source: Source, query: Query) -> None:
    bodies = [stripe_body(f"evt_{n}") for n in range(4)]
    had = VerifiedEvent("stripe", "evt_2", "evt_2", "invoice.paid", "in_1")
    inbox.receive(had, SignedRequest("POST", "", {}, b"{}"), source)
    with stripe(worker, lambda _: bodies) as (runtime, _):
        first = reconcile(runtime.database, runtime.providers, inbox, source, [""], *WINDOW)
        again = reconcile(runtime.database, runtime.providers, inbox, source, [""], *WINDOW)
    assert (first, again) == (Comparison(4, 3), Comparison(4, 0))
    rows = query("select provider_event_id as id, origin, deliveries, status from app.webhook_events order by 1")
    assert [(row["id"], row["origin"]) for row in rows] == [
        ("evt_0", "reconcile"), ("evt_1", "reconcile"), ("evt_2", "webhook"), ("evt_3", "reconcile"),
    ]  # fmt: skip
    assert {(row["deliveries"], row["status"]) for row in rows} == {(1, "received")}
    runs = query("select listed, missing, error from app.reconcile_runs order by id")
    assert runs == [{"listed": 4, "missing": 3, "error": None}, {"listed": 4, "missing": 0, "error": None}]
    (alert,) = query("select rule, count, details from app.alerts")
    assert (alert["rule"], alert["count"], alert["details"]["missing"]) == ("webhook_events_missing", 1, 3)


def test_a_failed_run_is_kept_and_does_not_move_the_window(
    worker: Runtime, inbox: Inbox, source: Source, query: Query
) -> None:
    with api_server() as server:
        server.answer = lambda _: Answer(
            b'{"error": {"type": "invalid_request_error"}}', 403, {"Content-Type": "application/json"}
        )
        settings = worker.settings.model_copy(update={"stripe_api_base": server.url})
        with pytest.raises(ProviderRejected):
            reconcile(worker.database, registry.build_providers(settings), inbox, source, [""], *WINDOW)
    assert query("select listed, missing, error from app.reconcile_runs") == [
        {"listed": 0, "missing": 0, "error": "providers.rejected"}
    ]
    (due,) = due_sources(worker.database, worker.providers, timedelta(hours=48))
    assert clock.now() - due.since >= timedelta(hours=48)


def test_the_next_window_goes_on_with_an_overlap(worker: Runtime, inbox: Inbox, source: Source) -> None:
    with stripe(worker, lambda _: []) as (runtime, _):
        reconcile(runtime.database, runtime.providers, inbox, source, [""], *WINDOW)
    (due,) = due_sources(worker.database, worker.providers, timedelta(hours=48))
    assert due.since == WINDOW[1] - timedelta(hours=1)
    (capped,) = due_sources(worker.database, worker.providers, timedelta(minutes=10))
    assert capped.since > due.since


def test_only_listing_configured_and_active_sources_are_due(worker: Runtime, query: Query) -> None:
    make_source(worker, "twilio")
    paused = make_source(worker)
    query("update app.webhook_sources set paused_at = now() where id = %s", str(paused.id))
    wanted = make_source(worker)
    assert [due.public_id for due in due_sources(worker.database, worker.providers, timedelta(hours=1))] == [
        wanted.public_id
    ]
    nobody = replace(worker.providers, configured=frozenset[str]())
    assert due_sources(worker.database, nobody, timedelta(hours=1)) == []


def test_the_job_asks_for_each_connected_account_and_rings(
    worker: Runtime, merchant: MerchantScope, query: Query
) -> None:
    with worker.database.unit_of_work(merchant) as session:
        session.add(PaymentAccount(merchant_id=merchant.merchant_id, provider="stripe", mode="test", account="acct_9"))
    make_source(worker, account="*")
    broken = make_source(worker, "paypal", webhook_id="4JH86294D6297924G")

    def of_account(request: Received) -> Sequence[bytes]:
        assert request.headers["stripe-account"] == "acct_9"
        window = parse_qs(urlsplit(request.path).query)
        assert {"created[gte]", "created[lte]"} <= window.keys()
        return [stripe_body("evt_connected")]

    rung: queue.SimpleQueue[object] = queue.SimpleQueue()
    with stripe(worker, of_account) as (runtime, _):
        bell = type(worker.doorbell)(rung.put)
        reconcile_sources(replace(runtime, doorbell=bell))
    (row,) = query("select provider_event_id, routing_keys from app.webhook_events")
    assert row == {"provider_event_id": "evt_connected", "routing_keys": {"account": "acct_9"}}
    assert rung.get(timeout=5) == "webhooks.drain"
    assert query("select error from app.reconcile_runs where source_id = %s", str(broken.id)) == [
        {"error": "providers.unavailable"}
    ]
