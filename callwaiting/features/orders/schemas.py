"""Orders as the API shows them."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from callwaiting.core.http.schemas import Currency, Instant, Schema


class OrderFace(Schema):
    """Amounts are in minor units of `currency`."""

    id: UUID
    number: int = Field(examples=[1041])
    state: str = Field(examples=["awaiting_payment"])
    currency: Currency
    subtotal_minor: int = Field(examples=[1200])
    tax_minor: int = Field(examples=[99])
    total_minor: int = Field(examples=[1299])
    created_at: Instant
    expires_at: Instant | None
    paid_at: Instant | None
