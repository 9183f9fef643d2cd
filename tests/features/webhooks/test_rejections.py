"""Refused requests are counted, and a person hears of what looks like an attack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import Client

from callwaiting.core import clock
from callwaiting.core.db import DatabaseRole
from callwaiting.core.errors import ServiceUnavailable
from callwaiting.core.http.limits import PayloadTooLarge
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.webhooks.receiver import Receiver
from callwaiting.features.webhooks.rejections import Rejections
from callwaiting.features.webhooks.source_cache import read_source
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.ports import PayloadInvalid, VerificationFailed, VerifiedEvent
from tests.factories.webhooks import make_source, stripe_body, stripe_delivery
from tests.features.webhooks.conftest import Query, post

NOON = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
EVENT = VerifiedEvent("stripe", "evt_1", "evt_1", "invoice.paid", "in_1")


@pytest.fixture
def rejections(web: Runtime) -> Iterator[Rejections]:
    """Written when the test says so."""
    made = Rejections(web.database, flush_s=3600)
    yield made
    made.close()


def source_of(web: Runtime, worker: Runtime, scope: MerchantScope | None = None) -> Source:
    made = make_source(worker, scope=scope) if scope else make_source(worker)
    return read_source(web.database, DatabaseRole.WEBHOOK, made.public_id)


def refuse(rejections: Rejections, source: Source, times: int) -> None:
    for _ in range(times):
        rejections.count(source, VerificationFailed())
    rejections.flush()


def test_counts_are_kept_by_source_reason_and_minute(
    rejections: Rejections, web: Runtime, worker: Runtime, query: Query
) -> None:
    source, other = source_of(web, worker), source_of(web, worker)
    with clock.frozen(NOON):
        refuse(rejections, source, 2)
        rejections.count(source, PayloadTooLarge())
        rejections.count(other, PayloadInvalid())
        rejections.count(other, ServiceUnavailable())
        refuse(rejections, source, 1)
    with clock.frozen(NOON + timedelta(minutes=1)):
        refuse(rejections, source, 1)
    rows = query("select source_id, reason, extract(minute from minute)::int as m, count from app.rejected_requests")
    assert sorted((row["source_id"] == str(source.id), row["reason"], row["m"], row["count"]) for row in rows) == [
        (False, "webhooks.payload_invalid", 0, 1),
        (True, "http.payload_too_large", 0, 1),
        (True, "webhooks.signature_invalid", 0, 3),
        (True, "webhooks.signature_invalid", 1, 1),
    ]


def test_five_wrong_signatures_in_five_minutes_alert_once(
    rejections: Rejections, web: Runtime, worker: Runtime, query: Query
) -> None:
    source = source_of(web, worker)
    with clock.frozen(NOON):
        refuse(rejections, source, 2)
    with clock.frozen(NOON + timedelta(minutes=3)):
        refuse(rejections, source, 2)
        assert query("select * from app.alerts") == []
        refuse(rejections, source, 1)
        refuse(rejections, source, 7)
    (alert,) = query("select * from app.alerts")
    assert (alert["rule"], alert["fingerprint"].endswith(str(source.id)), alert["count"]) == (
        "webhook_signatures", True, 1,
    )  # fmt: skip


def test_old_failures_and_other_refusals_do_not_alert(
    rejections: Rejections, web: Runtime, worker: Runtime, query: Query
) -> None:
    source = source_of(web, worker)
    with clock.frozen(NOON):
        refuse(rejections, source, 4)
    with clock.frozen(NOON + timedelta(minutes=6)):
        refuse(rejections, source, 1)
        for _ in range(9):
            rejections.count(source, PayloadTooLarge())
        rejections.flush()
    assert query("select * from app.alerts") == []


def test_failures_of_several_processes_add_up(web: Runtime, worker: Runtime, query: Query) -> None:
    source = source_of(web, worker)
    for _ in range(5):
        one = Rejections(web.database, flush_s=3600)
        refuse(one, source, 1)
        one.close()
    assert len(query("select * from app.alerts")) == 1


def test_an_alert_belongs_to_the_sources_merchant(
    rejections: Rejections, web: Runtime, worker: Runtime, merchant: MerchantScope, query: Query
) -> None:
    refuse(rejections, source_of(web, worker, merchant), 5)
    (alert,) = query("select * from app.alerts")
    assert alert["merchant_id"] == str(merchant.merchant_id)


def test_what_cannot_be_written_now_is_written_later(
    rejections: Rejections, web: Runtime, worker: Runtime, query: Query
) -> None:
    source = source_of(web, worker)
    query("alter table app.rejected_requests rename to away")
    try:
        refuse(rejections, source, 2)
    finally:
        query("alter table app.away rename to rejected_requests")
    refuse(rejections, source, 1)
    assert query("select count from app.rejected_requests") == [{"count": 3}]


def test_a_changed_body_is_audited_and_alerted(
    rejections: Rejections, web: Runtime, worker: Runtime, query: Query
) -> None:
    source = source_of(web, worker)
    rejections.body_changed(source, EVENT)
    rejections.body_changed(source, EVENT)
    rejections.flush()
    records = [json.loads(bytes(row["record"])) for row in query("select record from audit.outbox")]
    (record,) = [record for record in records if record["action"] == "webhook.body_changed"]
    assert (record["subject"], record["details"]["event"]) == (f"webhook_source:{source.id}", "evt_1")
    assert [row["rule"] for row in query("select rule from app.alerts")] == ["webhook_body_changed"]


def test_the_doors_count_what_they_refuse(
    door: Client, app: Flask, receiver: Receiver, worker: Runtime, query: Query
) -> None:
    made = make_source(worker)
    post(door, stripe_delivery(made, secret="not-the-secret-0123456789"))
    post(door, stripe_delivery(made, stripe_body("evt_1")))
    post(door, stripe_delivery(made, stripe_body("evt_1", again=True)))
    receiver.rejections.flush()
    assert query("select reason, count from app.rejected_requests") == [
        {"reason": "webhooks.signature_invalid", "count": 1}
    ]
    assert [row["rule"] for row in query("select rule from app.alerts")] == ["webhook_body_changed"]
