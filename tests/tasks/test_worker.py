"""Real workers finish what is stored, with the broker and without it."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

from celery import Celery
from sqlalchemy import text

from callwaiting.core import broker
from callwaiting.core.jobs import Job
from callwaiting.core.metrics import exposition
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tests.factories.stored_events import event_row, expire_leases, rows, store_event, store_source, until
from tests.tasks.workers import celery_worker


def test_a_bell_makes_a_worker_drain_and_its_request_id_is_kept(
    worker: Runtime,
    merchant: MerchantScope,
    admin_url: str,
    environment: dict[str, str],
    valkey_url: str,
    tmp_path: Path,
) -> None:
    source = store_source(worker, merchant)
    event_ids = [store_event(worker, source) for _ in range(5)]
    log = tmp_path / "worker.log"
    metrics = tmp_path / "metrics"
    metrics.mkdir()
    with celery_worker(environment | {"PROMETHEUS_MULTIPROC_DIR": str(metrics)}, queues="events", log=log):
        broker.publisher(valkey_url)(Job.DRAIN_EVENTS)
        until(lambda: {event_row(admin_url, event_id)["status"] for event_id in event_ids} == {"ignored"})
        sender = Celery(broker=valkey_url, set_as_current=False)
        sender.send_task(Job.CANARY.value, queue="events", headers={"request_id": "given-by-the-test"})
        until(lambda: b"given-by-the-test" in log.read_bytes())
        exposed, _ = exposition(str(metrics))
    assert b'callwaiting_events_total{outcome="ignored",provider="stripe"} 5.0' in exposed


def test_without_a_bell_the_sweeper_sees_it_and_the_work_of_a_killed_process_is_taken_up_again(
    worker: Runtime, merchant: MerchantScope, admin_url: str, environment: dict[str, str]
) -> None:
    source = store_source(worker, merchant)
    busy = {"key": f"{source}:the-object"}
    with celery_worker(environment) as first:
        warm_up = store_event(worker, source)  # and nobody rings
        until(lambda: event_row(admin_url, warm_up)["status"] == "ignored")
        with worker.database.unit_of_work(merchant) as session:  # the object is busy: it cannot finish them
            session.execute(text("select pg_advisory_xact_lock(hashtextextended(:key, 0))"), busy)
            event_ids = [store_event(worker, source, object_key="the-object") for _ in range(3)]
            until(lambda: rows(admin_url, "select 1 as one from app.webhook_events where next_at > received_at"))
            os.killpg(first.pid, signal.SIGKILL)
            first.wait()
    with celery_worker(environment):
        expire_leases(admin_url)
        until(lambda: {event_row(admin_url, event_id)["status"] for event_id in event_ids} == {"ignored"})
    done = rows(admin_url, "select event_id from app.webhook_attempts where outcome = 'ignored'")
    assert sorted(row["event_id"] for row in done) == sorted(str(event_id) for event_id in (warm_up, *event_ids))


def test_with_the_broker_refused_work_goes_on(
    worker: Runtime, merchant: MerchantScope, admin_url: str, environment: dict[str, str]
) -> None:
    event_id = store_event(worker, store_source(worker, merchant))
    with socket.socket() as taken:  # bound but not listening: refused, and nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        nowhere = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        with celery_worker(environment | {"REDIS_URL": nowhere}):
            until(lambda: event_row(admin_url, event_id)["status"] == "ignored")
