"""Orders as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from callwaiting.features.orders.models import Order

PAGE = 25


class PageRequest(BaseModel):
    """`before` is the id of the last order of the page before this one."""

    model_config = ConfigDict(extra="forbid")

    before: UUID | None = None
    limit: int = Field(default=PAGE, ge=1, le=PAGE)


class OrderFace(BaseModel):
    """Amounts are in minor units of `currency`."""

    id: UUID
    number: int
    state: str
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None


class OrderPage(BaseModel):
    """Newest first. `next` is what `before` must be for the following page; null on the last one."""

    orders: list[OrderFace]
    next: UUID | None


def page_of(rows: Sequence[Order], limit: int) -> OrderPage:
    """The page made of at most `limit` of the rows; one row more tells that another page follows."""
    faces = [OrderFace.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return OrderPage(orders=faces, next=faces[-1].id if len(rows) > limit else None)
