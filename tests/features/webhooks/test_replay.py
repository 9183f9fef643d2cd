"""Finished events can be handled once more, and tried out without a trace."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from callwaiting.core.db import DatabaseRole
from callwaiting.core.errors import Conflict, NotFound, Permanent
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit import service as audit
from callwaiting.features.outbox import service as outbox
from callwaiting.features.webhooks import drain, replay, repository
from callwaiting.features.webhooks.repository import EventFacts
from callwaiting.features.webhooks.service import StoredEvent
from callwaiting.providers.registry import Providers
from tests.factories.merchants import create_merchant
from tests.factories.stored_events import event_row, rows, store_event, store_source

bodies: list[bytes] = []


def plan_effect(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
    bodies.append(event.raw)
    outbox.plan(session, "test.effect", effect_key=f"test:{event.id}", subject_id=event.id)
    audit.record(session, "test.handled", subject=f"event:{event.id}")
    return "done"


def refuse(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
    outbox.plan(session, "test.effect", effect_key=f"test:{event.id}", subject_id=event.id)
    raise Permanent("cannot be")


HANDLERS: drain.Handlers = {("stripe", "good"): plan_effect, ("stripe", "bad"): refuse}


def facts_of(worker: Runtime, event_id: UUID) -> EventFacts:
    with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        return repository.event_facts(session, event_id)


def work(worker: Runtime) -> None:
    drain.drain(worker.database, worker.providers, HANDLERS)


@pytest.mark.parametrize(("event_type", "ends"), [("good", "done"), ("bad", "dead"), ("unknown", "ignored")])
def test_a_finished_event_is_handled_again(
    worker: Runtime, merchant: MerchantScope, admin_url: str, event_type: str, ends: str
) -> None:
    bodies.clear()
    event_id = store_event(worker, store_source(worker, merchant), event_type=event_type, raw=b'{"n":1}')
    work(worker)
    assert event_row(admin_url, event_id)["status"] == ends

    person = replace(merchant, actor="user:7")
    with worker.database.unit_of_work(person) as session:
        replay.replay(session, event_id, reason="the handler was mended")
    row = event_row(admin_url, event_id)
    assert (row["status"], row["attempts"], row["error"]) == ("received", 0, None)
    work(worker)

    assert event_row(admin_url, event_id)["status"] == ends
    outcomes = rows(admin_url, "select n, outcome from app.webhook_attempts order by n")
    assert [(row["n"], row["outcome"]) for row in outcomes] == [(1, ends), (2, ends)]
    assert bodies == ([b'{"n":1}'] * 2 if event_type == "good" else [])
    (record,) = rows(
        admin_url,
        "select r->>'actor' as actor, r->>'reason' as reason from audit.outbox,"
        " cast(convert_from(record, 'UTF8') as jsonb) r where r->>'action' = 'webhook.replayed'",
    )
    assert record == {"actor": "user:7", "reason": "the handler was mended"}


def test_replay_refuses_what_is_not_finished_not_there_or_emptied(
    worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    event_id = store_event(worker, store_source(worker, merchant), event_type="good")
    with pytest.raises(NotFound), worker.database.unit_of_work(merchant) as session:
        replay.replay(session, new_id(), reason="test")
    rows(admin_url, "update app.webhook_events set merchant_id = %s", merchant.merchant_id)
    with pytest.raises(Conflict), worker.database.unit_of_work(merchant) as session:
        replay.replay(session, event_id, reason="test")
    work(worker)
    with pytest.raises(NotFound), worker.database.unit_of_work(create_merchant(worker, "Another")) as session:
        replay.replay(session, event_id, reason="test")
    rows(admin_url, "update app.webhook_events set raw = null, emptied_at = now()")
    with pytest.raises(Conflict), worker.database.unit_of_work(merchant) as session:
        replay.replay(session, event_id, reason="test")


def test_an_unroutable_event_comes_back_when_its_merchant_is_known(
    worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    source = store_source(worker, None, account="*")
    event_id = store_event(worker, source, event_type="good", routing_keys={"account": "acct_new"})
    work(worker)
    assert event_row(admin_url, event_id)["error_class"] == "unroutable"
    rows(
        admin_url,
        "insert into app.payment_accounts (merchant_id, id, provider, mode, account)"
        " values (%s, gen_random_uuid(), 'stripe', 'test', 'acct_new')",
        merchant.merchant_id,
    )
    with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        replay.replay_unrouted(session, event_id, reason="account added")
    work(worker)
    assert event_row(admin_url, event_id)["status"] == "done"
    with pytest.raises(Conflict), worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        replay.replay_unrouted(session, event_id, reason="again")


def test_a_dry_run_tells_the_rows_and_leaves_none(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, merchant), event_type="good")
    rows(admin_url, "update app.webhook_events set merchant_id = %s", merchant.merchant_id)
    before = rows(admin_url, "select count(*) as n from audit.outbox")
    rehearsal = replay.dry_run(worker.database, merchant, worker.providers, HANDLERS, facts_of(worker, event_id))
    assert rehearsal.outcome == "done"
    assert {(change.table, change.inserted, change.updated) for change in rehearsal.changes} == {
        ("app.outbox", 1, 0),
        ("audit.outbox", 1, 0),
    }
    assert rows(admin_url, "select * from app.outbox") == []
    assert rows(admin_url, "select count(*) as n from audit.outbox") == before
    assert event_row(admin_url, event_id)["status"] == "received"

    work(worker)  # a done one would change nothing more, for its effect is planned already
    again = replay.dry_run(worker.database, merchant, worker.providers, HANDLERS, facts_of(worker, event_id))
    assert {change.table for change in again.changes} == {"audit.outbox"}


def test_a_dry_run_of_a_failing_event_names_the_error(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, merchant), event_type="bad")
    work(worker)
    rehearsal = replay.dry_run(worker.database, merchant, worker.providers, HANDLERS, facts_of(worker, event_id))
    assert (rehearsal.outcome, rehearsal.error) == ("failed", "core.permanent: cannot be")
