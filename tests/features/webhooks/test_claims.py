"""Who gets which event, and what a lost worker leaves."""

from __future__ import annotations

from typing import Literal

import pytest
from sqlalchemy.orm import Session

from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.webhooks import claims, drain
from callwaiting.features.webhooks.service import StoredEvent
from callwaiting.providers.registry import Providers
from tests.factories.stored_events import event_row, expire_leases, make_due, rows, store_event, store_source


def take(worker: Runtime, *, again_first: bool = False) -> list[claims.Claim] | None:
    with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        return claims.take(session, again_first=again_first)


def fail(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
    raise RuntimeError("this one always fails")


def succeed(session: Session, event: StoredEvent, providers: Providers) -> Literal["done", "ignored"]:
    return "done"


def test_fresh_events_come_by_the_hundred_in_the_order_of_their_arrival(
    worker: Runtime, merchant: MerchantScope
) -> None:
    source = store_source(worker, merchant)
    stored = [store_event(worker, source) for _ in range(103)]
    first, second, third = take(worker), take(worker), take(worker)
    assert first is not None
    assert second is not None
    assert [claim.id for claim in first] == stored[:100]
    assert [claim.id for claim in second] == stored[100:]
    assert third is None


def test_after_a_crash_each_is_taken_alone_and_the_lost_attempt_is_kept(
    worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    source = store_source(worker, merchant)
    stored = {store_event(worker, source) for _ in range(3)}
    take(worker)  # and the worker dies
    assert take(worker) is None  # its leases hold
    expire_leases(admin_url)
    again = [take(worker) for _ in range(3)]
    assert {claim.id for batch in again for claim in batch or []} == stored
    assert [len(batch or []) for batch in again] == [1, 1, 1]
    assert [row["outcome"] for row in rows(admin_url, "select outcome from app.webhook_attempts")] == ["lost"] * 3


def test_a_poison_event_burns_only_its_own_attempts(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    source = store_source(worker, merchant)
    poison = store_event(worker, source, event_type="poison")
    healthy = [store_event(worker, source, event_type="healthy") for _ in range(5)]
    handlers: drain.Handlers = {("stripe", "poison"): fail, ("stripe", "healthy"): succeed}
    for _ in range(8):
        drain.drain(worker.database, worker.providers, handlers)
        make_due(admin_url)
    row = event_row(admin_url, poison)
    assert (row["status"], row["attempts"], row["error_class"]) == ("dead", 6, "bug")
    assert "always fails" not in row["error"]
    assert {(event_row(admin_url, one)["status"], event_row(admin_url, one)["attempts"]) for one in healthy} == {
        ("done", 1)
    }
    (alert,) = rows(admin_url, "select * from app.alerts")
    assert (alert["rule"], alert["merchant_id"]) == ("webhooks.dead", str(merchant.merchant_id))


def test_an_event_that_kills_its_workers_is_buried(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    killer = store_event(worker, store_source(worker, merchant))
    for _ in range(6):
        assert take(worker)
        expire_leases(admin_url)
    assert take(worker) == []
    row = event_row(admin_url, killer)
    assert (row["status"], row["error_class"]) == ("dead", "lost")
    assert [alert["rule"] for alert in rows(admin_url, "select rule from app.alerts")] == ["webhooks.lost"]


def test_old_events_get_their_turn_beside_fresh_ones(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    source = store_source(worker, merchant)
    old = store_event(worker, source)
    take(worker)
    expire_leases(admin_url)
    fresh = store_event(worker, source)
    for again_first, expected in ((True, old), (False, fresh)):
        taken = take(worker, again_first=again_first)
        assert taken is not None
        assert [claim.id for claim in taken] == [expected]


@pytest.mark.parametrize("by", ["source", "number", "account"])
def test_the_merchant_is_found(worker: Runtime, merchant: MerchantScope, admin_url: str, by: str) -> None:
    with worker.database.unit_of_work(merchant) as session:
        phone_numbers.add_number(session, "+15550100001", label="main")
        number_hash = phone_numbers.number_hash(session, "+15550100001").hex()
    rows(
        admin_url,
        "insert into app.payment_accounts (merchant_id, id, provider, mode, account)"
        " values (%s, gen_random_uuid(), 'stripe', 'test', 'acct_1')",
        merchant.merchant_id,
    )
    routing_keys = {"source": {}, "number": {"number_hash": number_hash}, "account": {"account": "acct_1"}}[by]
    source = store_source(worker, merchant if by == "source" else None, account="*")
    store_event(worker, source, routing_keys=routing_keys)
    taken = take(worker)
    assert taken is not None
    assert [claim.merchant_id for claim in taken] == [merchant.merchant_id]


def test_what_belongs_to_nobody_dies_with_an_alert(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    source = store_source(worker, None, account="*")
    event_ids = [
        store_event(worker, source, routing_keys={"account": "acct_of_a_stranger"}),
        store_event(worker, source, routing_keys={"number_hash": "00" * 16}),
    ]
    assert take(worker) == []
    for event_id in event_ids:
        row = event_row(admin_url, event_id)
        assert (row["status"], row["error_class"], row["merchant_id"]) == ("dead", "unroutable", None)
    (alert,) = rows(admin_url, "select * from app.alerts")
    assert (alert["rule"], alert["count"], alert["merchant_id"]) == ("webhooks.unroutable", 2, None)
