from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

STATUSES = (
    "planned", "suppressed", "accepted", "queued", "sending", "sent", "delivered", "undelivered", "failed", "read",
    "received",
)  # fmt: skip


class Message(TenantRow, Base):
    """One SMS. An outgoing one is planned once per `message_key` (`receipt:<order id>`, …) and never twice.

    `provider_id` is Twilio's MessageSid; `reply_twiml_sealed` is what we answered to an incoming one, so that a
    repeated request gets the same bytes.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("merchant_id", "message_key"),
        UniqueConstraint("merchant_id", "provider_id"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint("direction in ('in', 'out')", name="direction"),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
        Index("ix_messages_thread", "merchant_id", "caller_id", "id"),
        Index("ix_messages_newest", "merchant_id", "created_at"),
    )

    caller_id: Mapped[UUID]
    phone_number_id: Mapped[UUID]
    direction: Mapped[str]
    kind: Mapped[str]
    message_key: Mapped[str]
    body_sealed: Mapped[bytes]
    reply_twiml_sealed: Mapped[bytes | None]
    status: Mapped[str]
    answers_live_call: Mapped[bool] = mapped_column(server_default=text("false"))
    provider_id: Mapped[str | None]
    error_code: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
