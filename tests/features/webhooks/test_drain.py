"""Events are worked through once each, whatever happens to workers, order and objects."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Undecipherable
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope, SystemScope, merchant_of
from callwaiting.factory import Runtime
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.webhooks import claims, drain
from callwaiting.features.webhooks.service import Handler, StoredEvent, body_place
from callwaiting.providers.registry import Providers
from tests.factories.stored_events import event_row, expire_leases, make_due, rows, store_event, store_source, until

Handlers = dict[tuple[str, str], Handler]
TRACES = """
select r->>'subject' as subject, r->>'request_id' as request_id
from audit.outbox, cast(convert_from(record, 'UTF8') as jsonb) r where r->>'action' = 'test.handled'
"""


def leave_trace(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
    """An effect that shows how often it happened."""
    audit.record(session, "test.handled", subject=f"event:{event.id}")
    return "done"


HANDLERS: Handlers = {("stripe", "test.event"): leave_trace}


def traces(admin_url: str) -> list[str]:
    return sorted(row["subject"] for row in rows(admin_url, TRACES))


def attempts(admin_url: str) -> list[tuple[int, str]]:
    found = rows(admin_url, "select n, outcome from app.webhook_attempts order by event_id, n")
    return [(row["n"], row["outcome"]) for row in found]


def work(worker: Runtime, handlers: Handlers, budget_s: float = 10) -> bool:
    return drain.drain(worker.database, worker.providers, handlers, budget_s=budget_s)


def claim(worker: Runtime, *, batch: int = 100) -> list[claims.Claim]:
    with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        return claims.take(session, batch=batch) or []


def test_an_event_is_done_in_its_merchants_scope(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    seen: list[tuple[object, StoredEvent]] = []

    def look(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
        seen.append((merchant_of(session), event))
        return leave_trace(session, event, providers)

    source = store_source(worker, merchant)
    event_id = store_event(worker, source, object_key="cs_1", raw=b'{"a":1}', request_id="request-of-the-test")

    assert work(worker, {("stripe", "test.event"): look}) is False

    ((merchant_id, event),) = seen
    assert merchant_id == merchant.merchant_id
    assert (event.raw, event.mode, event.object_key) == (b'{"a":1}', "test", "cs_1")
    row = event_row(admin_url, event_id)
    assert (row["status"], row["attempts"], row["lease_token"]) == ("done", 1, None)
    assert attempts(admin_url) == [(1, "done")]
    assert traces(admin_url) == [f"event:{event_id}"]
    assert [row["request_id"] for row in rows(admin_url, TRACES)] == ["request-of-the-test"]


def test_a_done_body_is_the_merchants(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, merchant), raw=b"+15550100")
    work(worker, HANDLERS)
    sealed = bytes(event_row(admin_url, event_id)["raw"])
    with worker.database.unit_of_work(merchant) as session:
        assert keys.unseal(session, body_place(event_id), sealed) == b"+15550100"
        with pytest.raises(Undecipherable):
            keys.unseal_for_platform(session, body_place(event_id), sealed)


def test_a_type_without_handler_is_ignored(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, merchant), event_type="nobody.cares")
    work(worker, HANDLERS)
    assert event_row(admin_url, event_id)["status"] == "ignored"
    assert traces(admin_url) == []


def test_parallel_drains_have_one_effect_per_event(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    source = store_source(worker, merchant)
    event_ids = [store_event(worker, source, object_key=f"object {n % 3}") for n in range(50)]
    busy: set[str] = set()
    overlaps: list[str] = []
    guard = threading.Lock()

    def alone(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
        with guard:
            overlaps.extend({event.object_key} & busy)
            busy.add(event.object_key)
        outcome = leave_trace(session, event, providers)
        session.flush()
        with guard:
            busy.discard(event.object_key)
        return outcome

    def one_by_one() -> None:  # a batch would go to one worker: so that all meet the same objects
        while taken := claim(worker, batch=1):
            drain.attempt(worker.database, worker.providers, {("stripe", "test.event"): alone}, taken[0])

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(one_by_one) for _ in range(8)]:
            future.result()
    make_due(admin_url)
    work(worker, {("stripe", "test.event"): alone})

    assert overlaps == []
    assert traces(admin_url) == sorted(f"event:{event_id}" for event_id in event_ids)
    assert {event_row(admin_url, event_id)["status"] for event_id in event_ids} == {"done"}


def test_parallel_drains_of_one_event_have_one_effect(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, merchant))
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work, worker, HANDLERS) for _ in range(20)]:
            future.result()
    assert traces(admin_url) == [f"event:{event_id}"]
    assert attempts(admin_url) == [(1, "done")]


def test_a_worker_that_lost_its_lease_changes_nothing(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, merchant))

    def too_slow(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
        expire_leases(admin_url)
        outcome = leave_trace(session, event, providers)
        others.extend(claim(worker))
        return outcome

    others: list[claims.Claim] = []
    (mine,) = claim(worker)
    assert drain.attempt(worker.database, worker.providers, {("stripe", "test.event"): too_slow}, mine) == "fenced"
    assert traces(admin_url) == []

    assert drain.attempt(worker.database, worker.providers, HANDLERS, others[0]) == "done"
    assert traces(admin_url) == [f"event:{event_id}"]
    assert attempts(admin_url) == [(1, "lost"), (2, "done")]


def test_a_late_failure_is_fenced_too(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, merchant))
    (mine,) = claim(worker)
    expire_leases(admin_url)
    (other,) = claim(worker)

    def fail(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
        raise RuntimeError

    assert drain.attempt(worker.database, worker.providers, {("stripe", "test.event"): fail}, mine) == "fenced"
    row = event_row(admin_url, event_id)
    assert (row["status"], row["lease_token"]) == ("running", str(other.token))


def test_an_object_at_work_elsewhere_is_put_back_uncounted(
    worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    source = store_source(worker, merchant)
    event_id = store_event(worker, source, object_key="cs_1")
    (mine,) = claim(worker)
    with worker.database.unit_of_work(merchant) as session:
        session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"{source}:cs_1"})
        assert drain.attempt(worker.database, worker.providers, HANDLERS, mine) == "put_back"
        row = event_row(admin_url, event_id)
        assert (row["status"], row["attempts"], row["lease_token"]) == ("received", 0, None)
        assert claim(worker) == []  # not at once
    make_due(admin_url)
    work(worker, HANDLERS)
    assert attempts(admin_url) == [(1, "done")]


def test_a_drain_waits_for_what_it_put_back(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    source = store_source(worker, merchant)
    event_id = store_event(worker, source, object_key="cs_1")
    with ThreadPoolExecutor(1) as pool, worker.database.unit_of_work(merchant) as session:
        session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"{source}:cs_1"})
        working = pool.submit(work, worker, HANDLERS)
        until(lambda: rows(admin_url, "select 1 from app.webhook_events where next_at > received_at"))
        session.commit()
        assert working.result() is False
    assert event_row(admin_url, event_id)["status"] == "done"


def test_when_time_is_up_the_rest_is_given_back(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    source = store_source(worker, merchant)
    event_ids = [store_event(worker, source) for _ in range(3)]

    def slow(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
        session.execute(text("select pg_sleep(0.3)"))
        return leave_trace(session, event, providers)

    assert work(worker, {("stripe", "test.event"): slow}, budget_s=0.2) is True
    states = [(row["status"], row["attempts"]) for row in (event_row(admin_url, event_id) for event_id in event_ids)]
    assert states == [("done", 1), ("received", 0), ("received", 0)]
    assert work(worker, HANDLERS) is False
    assert len(traces(admin_url)) == 3
