"""`/api/v1/kpis`."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.features.kpis import service
from callwaiting.features.kpis.schemas import KpiFace, KpiQuery

api = Api("kpis")


@api.get("/kpis", requires="kpis.read", query=KpiQuery, answers=KpiFace)
def report(session: Session, query: KpiQuery) -> KpiFace:
    """What the business's days were like: calls, orders, bookings, texts and money."""
    found = service.report(session, query.since, query.until)
    return KpiFace.model_validate({"timezone": found.zone.key, "total": found.total, "days": found.days})
