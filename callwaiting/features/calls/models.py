from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

STATUSES = ("queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled")


class Call(TenantRow, Base):
    """A call by its CallSid. `state` is the dialogue's own state and holds no personal data."""

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("merchant_id", "call_sid"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
        Index("ix_calls_newest", "merchant_id", "started_at"),
        Index("ix_calls_outcome", "merchant_id", "outcome", "id"),
        Index("ix_calls_unfinalised", "last_event_at", postgresql_where=text("finalised_at is null")),
    )

    call_sid: Mapped[str]
    phone_number_id: Mapped[UUID]
    caller_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(server_default="ringing")
    seq: Mapped[int] = mapped_column(server_default="-1")
    state: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    state_version: Mapped[int] = mapped_column(server_default="0")
    outcome: Mapped[str] = mapped_column(server_default="none")
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_event_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    finalised_at: Mapped[datetime | None]


class CallTurn(TenantRow, Base):
    """One question and answer. The nonce makes a repeated request find the answer that was given."""

    __tablename__ = "call_turns"
    __table_args__ = (
        UniqueConstraint("merchant_id", "call_id", "nonce"),
        ForeignKeyConstraint(["merchant_id", "call_id"], ["app.calls.merchant_id", "app.calls.id"]),
    )

    call_id: Mapped[UUID]
    nonce: Mapped[int]
    step: Mapped[str]
    heard_sealed: Mapped[bytes | None]
    twiml_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
