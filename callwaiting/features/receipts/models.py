from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow


class Receipt(TenantRow, Base):
    """The address `/r/<token>` of one order's receipt. Looked up by the token's hash; sealed, so that each text about
    the order can hold the same address. What the receipt shows is read from the order and its payments."""

    __tablename__ = "receipts"
    __table_args__ = (
        UniqueConstraint("merchant_id", "order_id"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["app.orders.merchant_id", "app.orders.id"]),
    )

    order_id: Mapped[UUID]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
