from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

OUTCOMES = ("mailed", "empty", "nobody")


class SummarySettings(TenantRow, Base):
    """When a merchant's day is told: the local `hour` of the morning after. Without a row, at seven."""

    __tablename__ = "summary_settings"
    __table_args__ = (
        UniqueConstraint("merchant_id"),
        CheckConstraint("hour between 0 and 23", name="hour"),
    )

    enabled: Mapped[bool] = mapped_column(server_default=text("true"))
    hour: Mapped[int] = mapped_column(server_default="7")
    version: Mapped[int] = mapped_column(server_default="1")


class SummaryChoice(TenantRow, Base):
    """Whether one member of the team wants the mail, and also of days on which nothing happened. Without a row owners
    do, of days on which something happened."""

    __tablename__ = "summary_choices"
    __table_args__ = (UniqueConstraint("merchant_id", "user_id"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    mail: Mapped[bool]
    when_empty: Mapped[bool]
    version: Mapped[int] = mapped_column(server_default="1")


class DailySummary(TenantRow, Base):
    """That a day was told, and to how many. There is one row a day, so no day is told twice."""

    __tablename__ = "daily_summaries"
    __table_args__ = (
        UniqueConstraint("merchant_id", "day"),
        CheckConstraint(f"outcome in {OUTCOMES}", name="outcome"),
    )

    day: Mapped[date]
    outcome: Mapped[str]
    recipients: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
