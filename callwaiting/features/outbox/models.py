from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

STATES = ("planned", "running", "retry", "unknown", "done", "failed", "dead")


class Effect(TenantRow, Base):
    """One call to a provider that shall happen once. `subject_id` is the row of the slice that planned it.

    `unknown` means that the call may have taken effect: it is looked up before it is ever made again.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("merchant_id", "effect_key"),
        CheckConstraint(f"state in {STATES}", name="state"),
        Index("ix_outbox_due", "next_at", postgresql_where=text("state in ('planned', 'retry', 'unknown')")),
        Index("ix_outbox_leased", "lease_until", postgresql_where=text("state = 'running'")),
    )

    effect_key: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    state: Mapped[str] = mapped_column(server_default="planned")
    attempts: Mapped[int] = mapped_column(server_default="0")
    unclear: Mapped[bool] = mapped_column(server_default=text("false"))
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    provider_ref: Mapped[str | None]
    error_class: Mapped[str | None]
    error: Mapped[str | None]
    request_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[datetime | None]
