"""Orders as the API shows them."""

from __future__ import annotations

from uuid import UUID

from callwaiting.core.http.schemas import Instant, Schema


class OrderFace(Schema):
    """Amounts are in minor units of `currency`."""

    id: UUID
    number: int
    state: str
    currency: str
    subtotal_minor: int
    tax_minor: int
    total_minor: int
    created_at: Instant
    expires_at: Instant | None
    paid_at: Instant | None
