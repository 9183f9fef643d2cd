"""Duplicates, and events that overtake each other, end as if each had come once and in order."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest
from sqlalchemy.orm import Session
from werkzeug.test import Client

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.audit import service as audit
from callwaiting.features.outbox import service as outbox
from callwaiting.features.webhooks import drain
from callwaiting.features.webhooks.service import NotYet, StoredEvent
from callwaiting.providers.registry import Providers
from tests.factories.stored_events import event_row, make_due, rows, store_event, store_source
from tests.factories.webhooks import make_source, stripe_delivery
from tests.features.webhooks.conftest import post

PLANNED = "select 1 as one from app.outbox where effect_key = 'the-subject'"


def test_fifty_parallel_duplicates_have_one_effect(
    thin: Client, worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    delivery = stripe_delivery(make_source(worker, scope=merchant))
    stop = threading.Event()

    def count(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
        audit.record(session, "test.counted", subject=f"event:{event.id}")
        return "done"

    handlers: drain.Handlers = {("stripe", "checkout.session.completed"): count}

    def drain_meanwhile() -> None:
        while not stop.is_set():
            drain.drain(worker.database, worker.providers, handlers)

    with ThreadPoolExecutor(14) as pool:
        drains = [pool.submit(drain_meanwhile) for _ in range(4)]
        answers = [answer.result() for answer in [pool.submit(post, thin, delivery) for _ in range(50)]]
        stop.set()
        for one in drains:
            one.result()
    drain.drain(worker.database, worker.providers, handlers)

    assert {answer.status_code for answer in answers} == {204}
    (row,) = rows(admin_url, "select status, attempts, deliveries from app.webhook_events")
    assert (row["status"], row["attempts"], row["deliveries"]) == ("done", 1, 50)
    (counted,) = rows(
        admin_url,
        "select count(*) as n from audit.outbox where convert_from(record, 'UTF8') like '%%test.counted%%'",
        None,
    )
    assert counted["n"] == 1


def create(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
    outbox.plan(session, "test.subject", effect_key="the-subject", subject_id=event.id)
    return "done"


def complete(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
    if not session.connection().exec_driver_sql(PLANNED).all():
        raise NotYet("the subject is not there")
    audit.record(session, "test.completed", subject=f"event:{event.id}")
    return "done"


HANDLERS: drain.Handlers = {("stripe", "created"): create, ("stripe", "completed"): complete}


@pytest.mark.parametrize("order", sorted(set(itertools.permutations(["created", "completed", "completed"]))))
def test_the_end_is_the_same_in_any_order(
    worker: Runtime, merchant: MerchantScope, admin_url: str, order: tuple[str, ...]
) -> None:
    source = store_source(worker, merchant)
    event_ids = []
    for event_type in order:
        event_ids.append(store_event(worker, source, event_type=event_type, object_key="the-subject"))
        drain.drain(worker.database, worker.providers, HANDLERS)
    make_due(admin_url)
    drain.drain(worker.database, worker.providers, HANDLERS)

    assert [event_row(admin_url, one)["status"] for one in event_ids] == ["done"] * 3
    assert len(rows(admin_url, "select 1 as one from app.outbox")) == 1
