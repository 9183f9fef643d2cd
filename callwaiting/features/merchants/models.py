from __future__ import annotations

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow
from callwaiting.core.ids import new_id


class Merchant(Base):
    """A tenant. Its prices and orders are in its `currency`."""

    __tablename__ = "merchants"
    __table_args__ = (CheckConstraint("status in ('active', 'suspended')", name="status"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    timezone: Mapped[str]
    currency: Mapped[str]
    region: Mapped[str] = mapped_column(server_default="US")
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


class TaxRate(TenantRow, Base):
    """A rate of tax under the merchant's own name for it: 825 basis points are 8.25 %. `inclusive`: prices have the tax
    in them. The one that `is_default` taxes whatever has no rate of its own. One that is `archived` is given to nothing
    more."""

    __tablename__ = "tax_rates"
    __table_args__ = (
        UniqueConstraint("merchant_id", "name"),
        CheckConstraint("basis_points between 0 and 10000", name="basis_points"),
        CheckConstraint("not (is_default and archived)", name="default"),
        Index("uq_tax_rates_default", "merchant_id", unique=True, postgresql_where=text("is_default")),
    )

    name: Mapped[str]
    basis_points: Mapped[int]
    inclusive: Mapped[bool]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    archived: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default="1")
