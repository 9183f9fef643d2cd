"""Alerts of the platform and of all merchants, for its operators. What is changed is changed in the scope of whom the
alert belongs to, whose audit trail has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.alerts import service
from callwaiting.features.alerts.errors import AlertNotFound
from callwaiting.features.alerts.models import Alert
from callwaiting.features.alerts.service import State

ACTOR = "operator"


@dataclass(frozen=True, slots=True)
class ListedAlert:
    """`merchant_id` is None for the platform's own."""

    id: UUID
    merchant_id: UUID | None
    rule: str
    severity: str
    summary: str
    details: Mapping[str, str | int | None]
    state: str
    count: int
    first_seen_at: datetime
    last_seen_at: datetime
    resolved_at: datetime | None


def newest(
    database: Database, *, state: State | None = None, merchant_id: UUID | None = None, limit: int = 50
) -> Sequence[ListedAlert]:
    """Those in a state, or all that are not resolved; the newest first."""
    columns = [getattr(Alert, name) for name in ListedAlert.__slots__]
    query = select(*columns).where(Alert.state == state if state else Alert.state != "resolved")
    if merchant_id is not None:
        query = query.where(Alert.merchant_id == merchant_id)
    with database.unit_of_work(SystemScope("list alerts", actor=ACTOR), DatabaseRole.SERVICE) as session:
        return [ListedAlert(*row) for row in session.execute(query.order_by(Alert.id.desc()).limit(limit))]


def acknowledge(database: Database, alert_id: UUID) -> None:
    """Raises AlertNotFound, AlertResolved."""
    with _in_its_scope(database, alert_id) as session:
        service.acknowledge(session, alert_id)


def resolve(database: Database, alert_id: UUID) -> None:
    """Raises AlertNotFound."""
    with _in_its_scope(database, alert_id) as session:
        service.resolve(session, alert_id)


@contextmanager
def _in_its_scope(database: Database, alert_id: UUID) -> Iterator[Session]:
    platform = SystemScope("settle alert", actor=ACTOR)
    with database.unit_of_work(platform, DatabaseRole.SERVICE) as session:
        found = session.execute(select(Alert.merchant_id).where(Alert.id == alert_id)).one_or_none()
    if found is None:
        raise AlertNotFound(str(alert_id))
    scope = MerchantScope(found.merchant_id, actor=ACTOR) if found.merchant_id else platform
    with database.unit_of_work(scope) as session:
        yield session
