"""`/api/v1/orders`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.orders import service
from callwaiting.features.orders.schemas import OrderFace

api = Api("orders")


@api.get("/orders", requires="orders.read", query=PageQuery, answers=Page[OrderFace])
def newest(session: Session, query: PageQuery) -> Page[OrderFace]:
    """The merchant's orders, newest first."""
    rows = service.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[OrderFace].of(rows, query, key=lambda row: row.id)
