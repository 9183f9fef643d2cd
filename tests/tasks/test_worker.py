"""Real workers finish what is stored, with the broker and without it."""

from __future__ import annotations

import socket

from callwaiting.core import broker
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tests.factories.stored_events import event_row, store_event, store_source, until
from tests.tasks.workers import celery_worker


def test_a_bell_makes_a_worker_drain(
    worker: Runtime, merchant: MerchantScope, admin_url: str, environment: dict[str, str], valkey_url: str
) -> None:
    source = store_source(worker, merchant)
    event_ids = [store_event(worker, source) for _ in range(5)]
    with celery_worker(environment, queues="events"):
        broker.publisher(valkey_url)(Job.DRAIN_EVENTS)
        until(lambda: {event_row(admin_url, event_id)["status"] for event_id in event_ids} == {"ignored"})


def test_without_a_bell_the_sweeper_sees_it(
    worker: Runtime, merchant: MerchantScope, admin_url: str, environment: dict[str, str]
) -> None:
    with celery_worker(environment):
        event_id = store_event(worker, store_source(worker, merchant))
        until(lambda: event_row(admin_url, event_id)["status"] == "ignored")


def test_with_the_broker_refused_work_goes_on(
    worker: Runtime, merchant: MerchantScope, admin_url: str, environment: dict[str, str]
) -> None:
    event_id = store_event(worker, store_source(worker, merchant))
    with socket.socket() as taken:  # bound but not listening: refused, and nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        nowhere = f"redis://127.0.0.1:{taken.getsockname()[1]}/0"
        with celery_worker(environment | {"REDIS_URL": nowhere}):
            until(lambda: event_row(admin_url, event_id)["status"] == "ignored")
