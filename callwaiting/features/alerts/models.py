from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base
from callwaiting.core.ids import new_id


class Alert(Base):
    """Something a person should see. `fingerprint` is the rule and its subject; a repeat raises `count`."""

    __tablename__ = "alerts"
    __table_args__ = (
        # What the policy asks: the platform's own alerts have no merchant.
        Index("ix_alerts_owner_id", text("coalesce(merchant_id, '00000000-0000-0000-0000-000000000000'::uuid)"), "id"),
        CheckConstraint("state in ('open', 'acknowledged', 'resolved')", name="state"),
        CheckConstraint("severity in ('info', 'warning', 'high', 'critical')", name="severity"),
        Index(
            "uq_alerts_open_fingerprint",
            "merchant_id",
            "fingerprint",
            unique=True,
            postgresql_where=text("state <> 'resolved'"),
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    merchant_id: Mapped[UUID | None]
    rule: Mapped[str]
    fingerprint: Mapped[str]
    severity: Mapped[str]
    summary: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    state: Mapped[str] = mapped_column(server_default="open")
    count: Mapped[int] = mapped_column(server_default="1")
    first_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]
