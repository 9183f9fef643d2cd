from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base
from callwaiting.core.ids import new_id


class Merchant(Base):
    """A tenant. `tax_basis_points` is one rate for all items (825 = 8.25 %), included in prices or added."""

    __tablename__ = "merchants"
    __table_args__ = (
        CheckConstraint("status in ('active', 'suspended')", name="status"),
        CheckConstraint("tax_basis_points between 0 and 10000", name="tax_basis_points"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    timezone: Mapped[str]
    currency: Mapped[str]
    region: Mapped[str] = mapped_column(server_default="US")
    tax_basis_points: Mapped[int] = mapped_column(server_default="0")
    tax_inclusive: Mapped[bool] = mapped_column(server_default=text("false"))
    status: Mapped[str] = mapped_column(server_default="active")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
