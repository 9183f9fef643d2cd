from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select

from callwaiting.core import metrics
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope, Scope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts import service as alerts
from callwaiting.features.alerts.models import Alert
from tests.factories.merchants import create_merchant

PLATFORM = SystemScope("alerts of the tests")


def raise_alert(
    runtime: Runtime, scope: Scope, *, subject: str = "event:1", summary: str = "An event is dead."
) -> None:
    with runtime.database.unit_of_work(scope) as session:
        alerts.raise_alert(
            session, "events.dead", subject=subject, severity="high", summary=summary, details={"attempts": 12}
        )


def resolve(runtime: Runtime, scope: Scope, *, subject: str = "event:1") -> None:
    with runtime.database.unit_of_work(scope) as session:
        alerts.resolve_alert(session, "events.dead", subject=subject)


def seen(runtime: Runtime, scope: Scope, role: DatabaseRole | None = None) -> Sequence[Alert]:
    with runtime.database.unit_of_work(scope, role) as session:
        return session.scalars(select(Alert).order_by(Alert.first_seen_at)).all()


@pytest.mark.parametrize("whose", ["merchant", "platform"])
def test_repeat_is_counted_on_the_open_alert(worker: Runtime, merchant: MerchantScope, whose: str) -> None:
    scope: Scope = merchant if whose == "merchant" else PLATFORM
    before = metrics.ALERTS.labels("events.dead")._value.get()
    raise_alert(worker, scope)
    raise_alert(worker, scope, summary="It is still dead.")
    raise_alert(worker, scope, subject="event:2")

    first, second = seen(worker, scope)

    assert (first.fingerprint, first.count, first.summary) == ("events.dead:event:1", 2, "It is still dead.")
    assert (second.fingerprint, second.count, second.state) == ("events.dead:event:2", 1, "open")
    assert first.last_seen_at > first.first_seen_at
    assert first.details == {"attempts": 12}
    assert first.merchant_id == (merchant.merchant_id if whose == "merchant" else None)
    assert metrics.ALERTS.labels("events.dead")._value.get() == before + 3


def test_resolved_alert_is_raised_anew(worker: Runtime, merchant: MerchantScope) -> None:
    raise_alert(worker, merchant)
    resolve(worker, merchant)
    resolve(worker, merchant, subject="event:unknown")
    raise_alert(worker, merchant)

    first, second = seen(worker, merchant)

    assert (first.state, first.count) == ("resolved", 1)
    assert first.resolved_at is not None
    assert (second.state, second.count) == ("open", 1)


def test_alert_belongs_to_one_merchant_or_to_the_platform(worker: Runtime, merchant: MerchantScope) -> None:
    other = create_merchant(worker, "Mario's")
    raise_alert(worker, merchant)
    raise_alert(worker, PLATFORM)
    resolve(worker, other)
    resolve(worker, PLATFORM)

    assert [alert.state for alert in seen(worker, merchant)] == ["open"]
    assert [alert.state for alert in seen(worker, PLATFORM)] == ["resolved"]
    assert seen(worker, other) == []
    assert len(seen(worker, PLATFORM, DatabaseRole.SERVICE)) == 2


def test_service_raises_alerts_of_the_platform(worker: Runtime) -> None:
    with worker.database.unit_of_work(PLATFORM, DatabaseRole.SERVICE) as session:
        alerts.raise_alert(
            session, "queue.deaf", subject="queue:events", severity="critical", summary="No one listens."
        )

    assert [alert.rule for alert in seen(worker, PLATFORM)] == ["queue.deaf"]
