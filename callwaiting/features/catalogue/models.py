from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow


class CatalogueItem(TenantRow, Base):
    """An item with its price in minor units of the merchant's currency. `keypad` is its digit in the phone menu."""

    __tablename__ = "catalogue_items"
    __table_args__ = (
        UniqueConstraint("merchant_id", "keypad"),
        CheckConstraint("keypad between 1 and 9", name="keypad"),
        CheckConstraint("price_minor >= 0", name="price_minor"),
        Index("ix_catalogue_items_name", "merchant_id", "name", "id"),
    )

    name: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    price_minor: Mapped[int]
    keypad: Mapped[int | None]
    available: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
