from __future__ import annotations

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow
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
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class OpeningHours(TenantRow, Base):
    """One period of the week in which the business is open, in its local time. `weekday` is 1 for Monday, 7 for
    Sunday; `closes` at or before `opens` means the following day. The version is the merchant's."""

    __tablename__ = "opening_hours"
    __table_args__ = (
        UniqueConstraint("merchant_id", "weekday", "opens"),
        CheckConstraint("weekday between 1 and 7", name="weekday"),
    )

    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]
