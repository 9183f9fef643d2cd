"""`/api/v1/alerts`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page
from callwaiting.features.alerts import service
from callwaiting.features.alerts.schemas import AlertFace, AlertQuery

api = Api("alerts")


@api.get("/alerts", requires="alerts.read", query=AlertQuery, answers=Page[AlertFace])
def newest(session: Session, query: AlertQuery) -> Page[AlertFace]:
    """The business's alerts, newest first."""
    rows = service.newest(session, state=query.state, before=query.position(UUID), limit=query.limit + 1)
    return Page[AlertFace].of(rows, query, key=lambda row: row.id)


@api.get("/alerts/<uuid:alert_id>", requires="alerts.read", answers=AlertFace)
def one(session: Session, alert_id: UUID) -> AlertFace:
    """One alert."""
    return AlertFace.model_validate(service.one(session, alert_id))


@api.post(
    "/alerts/<uuid:alert_id>/acknowledge",
    requires="alerts.write",
    answers=AlertFace,
    idempotent=False,
    refuses=[ErrorCode.CONFLICT],
)
def acknowledge(session: Session, alert_id: UUID) -> AlertFace:
    """Say that somebody sees to an alert.

    It goes on counting. A second time does nothing; 409 when it is resolved.
    """
    return AlertFace.model_validate(service.acknowledge(session, alert_id))


@api.post("/alerts/<uuid:alert_id>/resolve", requires="alerts.write", answers=AlertFace, idempotent=False)
def resolve(session: Session, alert_id: UUID) -> AlertFace:
    """Say that an alert is over.

    Should it come again, it is a new one. A second time does nothing.
    """
    return AlertFace.model_validate(service.resolve(session, alert_id))
