"""The sweeper rings for what no bell rang for, and works itself when nobody would hear."""

from __future__ import annotations

import pytest
import redis

from callwaiting.core.broker import publisher
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Queue
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.outbox.service import plan
from callwaiting.features.webhooks import claims
from callwaiting.features.webhooks.leases import leads
from tasks import sweeper
from tests.factories.stored_events import event_row, expire_leases, rows, store_event, store_source


@pytest.fixture
def broker(valkey_url: str) -> redis.Redis:
    connection = redis.Redis.from_url(valkey_url)
    connection.flushdb()
    return connection


def waiting(broker: redis.Redis) -> dict[str, int]:
    """Messages in the queues that the sweeper rings for."""
    return {queue: count for queue in (Queue.EVENTS, Queue.EFFECTS) if (count := int(str(broker.llen(queue))))}


def test_nothing_due_rings_nothing(worker: Runtime, broker: redis.Redis) -> None:
    sweeper.sweep(worker)
    assert waiting(broker) == {}


def test_due_events_and_effects_are_rung_for(
    worker: Runtime, merchant: MerchantScope, broker: redis.Redis, admin_url: str
) -> None:
    event_id = store_event(worker, store_source(worker, merchant))
    sweeper.sweep(worker)
    assert waiting(broker) == {"events": 1}
    with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        claims.take(session)
    broker.flushdb()
    sweeper.sweep(worker)
    assert waiting(broker) == {}  # at work
    expire_leases(admin_url)
    sweeper.sweep(worker)
    assert waiting(broker) == {"events": 1}  # lost
    rows(admin_url, "update app.webhook_events set status = 'done' where id = %s", event_id)

    broker.flushdb()
    rows(
        admin_url,
        "insert into app.outbox (merchant_id, id, effect_key, kind, subject_id)"
        " values (%s, gen_random_uuid(), 'k', 'test.thing', gen_random_uuid())",
        merchant.merchant_id,
    )
    sweeper.sweep(worker)
    assert waiting(broker) == {"effects": 1}


def test_only_one_leads_until_its_lease_ends(
    worker: Runtime, merchant: MerchantScope, broker: redis.Redis, admin_url: str
) -> None:
    store_event(worker, store_source(worker, merchant))
    with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        assert leads(session, "sweep", "another:1", seconds=60)
        assert leads(session, "sweep", "another:1", seconds=60)
        assert not leads(session, "sweep", "a-third:1", seconds=60)
    sweeper.sweep(worker)
    assert waiting(broker) == {}
    rows(admin_url, "update app.leases set until = now() - interval '1 second'")
    sweeper.sweep(worker)
    assert waiting(broker) == {"events": 1}


def test_when_the_bell_cannot_be_sent_the_sweeper_works(
    worker: Runtime, merchant: MerchantScope, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = publisher("redis://127.0.0.1:9/0")
    monkeypatch.setattr(sweeper, "publisher", lambda runtime: nowhere)
    event_id = store_event(worker, store_source(worker, merchant))
    with worker.database.unit_of_work(merchant) as session:
        plan(session, "nobody.performs", effect_key="k", subject_id=event_id)
    sweeper.sweep(worker)
    assert event_row(admin_url, event_id)["status"] == "ignored"
    assert [row["attempts"] for row in rows(admin_url, "select attempts from app.outbox")] == [1]
