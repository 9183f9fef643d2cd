"""Old bodies go, their keys stay."""

from __future__ import annotations

from datetime import timedelta

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.webhooks import drain, retention
from tests.factories.stored_events import event_row, rows, store_event, store_source


def test_only_old_finished_bodies_are_emptied(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    source = store_source(worker, merchant)
    old = [store_event(worker, source) for _ in range(7)]
    drain.drain(worker.database, worker.providers, {})
    rows(admin_url, "update app.webhook_events set received_at = now() - interval '31 days'")
    young = store_event(worker, source)
    drain.drain(worker.database, worker.providers, {})
    unfinished = store_event(worker, source)
    rows(
        admin_url,
        "update app.webhook_events set received_at = now() - interval '31 days' where id = %s",
        unfinished,
    )
    kept = event_row(admin_url, old[0])

    assert retention.empty_bodies(worker.database, timedelta(days=30), budget_s=0) == (0, True)
    assert retention.empty_bodies(worker.database, timedelta(days=30), batch=3) == (7, False)

    for event_id in old:
        row = event_row(admin_url, event_id)
        assert row["raw"] is None
        assert row["emptied_at"] is not None
    assert event_row(admin_url, old[0])["dedupe_key"] == kept["dedupe_key"]
    assert event_row(admin_url, old[0])["body_sha256"] == kept["body_sha256"]
    assert event_row(admin_url, young)["raw"] is not None
    assert event_row(admin_url, unfinished)["raw"] is not None
    assert retention.empty_bodies(worker.database, timedelta(days=30)) == (0, False)
