from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Text

from callwaiting.core.db import Base, TenantRow

ENDPOINT_STATES = ("active", "paused", "disabled")
DELIVERY_STATES = ("waiting", "delivered", "failed")


class OutgoingEndpoint(TenantRow, Base):
    """An address of the merchant's own that hears of events. `disabled` is what we make it after a long failure."""

    __tablename__ = "outgoing_endpoints"
    __table_args__ = (CheckConstraint(f"state in {ENDPOINT_STATES}", name="state"),)

    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(Text()))
    state: Mapped[str] = mapped_column(server_default="active")
    secrets_sealed: Mapped[bytes]
    failing_since: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OutgoingDelivery(TenantRow, Base):
    """One event for one endpoint, and what came of it. Its id is the `webhook-id`; `body` is sent byte for byte and
    names rows, never persons."""

    __tablename__ = "outgoing_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "endpoint_id"],
            ["app.outgoing_endpoints.merchant_id", "app.outgoing_endpoints.id"],
            ondelete="cascade",
        ),
        CheckConstraint(f"state in {DELIVERY_STATES}", name="state"),
        Index("ix_outgoing_deliveries_endpoint", "merchant_id", "endpoint_id", "id"),
    )

    endpoint_id: Mapped[UUID]
    event: Mapped[str]
    body: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    rounds: Mapped[int] = mapped_column(server_default="1")
    attempts: Mapped[int] = mapped_column(server_default="0")
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    next_at: Mapped[datetime | None] = mapped_column(server_default=text("now()"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    delivered_at: Mapped[datetime | None]
