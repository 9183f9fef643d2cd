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
    repeated request gets the same bytes. `subject_id` is what the text is about (an order, a booking). While it waits,
    `send_after` says until when; `reason` says why it was suppressed. `media` counts the pictures of an MMS.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("merchant_id", "message_key"),
        UniqueConstraint("merchant_id", "provider_id"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint("direction in ('in', 'out')", name="direction"),
        CheckConstraint("encoding in ('gsm7', 'ucs2')", name="encoding"),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
        Index("ix_messages_thread", "merchant_id", "caller_id", "id"),
        Index("ix_messages_newest", "merchant_id", "created_at"),
        Index(
            "ix_messages_subject",
            "merchant_id",
            "subject_id",
            "id",
            postgresql_where=text("subject_id is not null"),
        ),
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
    subject_id: Mapped[UUID | None]
    encoding: Mapped[str] = mapped_column(server_default="gsm7")
    segments: Mapped[int] = mapped_column(server_default="0")
    media: Mapped[int] = mapped_column(server_default="0")
    template_version: Mapped[int] = mapped_column(server_default="0")
    send_after: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]


class MessageThread(TenantRow, Base):
    """What holds for all texts to and from one caller. A thread without a row is unread and the assistant's.

    `read_up_to` is the last text that somebody of the team has seen. `unreachable_code` is Twilio's code for a number
    that no text reaches.
    """

    __tablename__ = "message_threads"
    __table_args__ = (
        UniqueConstraint("merchant_id", "caller_id"),
        CheckConstraint("handled_by in ('assistant', 'person')", name="handled_by"),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
    )

    caller_id: Mapped[UUID]
    handled_by: Mapped[str] = mapped_column(server_default="assistant")
    person_since: Mapped[datetime | None]
    read_up_to: Mapped[UUID | None]
    unreachable_code: Mapped[str | None]
    unreachable_since: Mapped[datetime | None]


class MessageSettings(TenantRow, Base):
    """One row of a merchant that chose other than the defaults. `keywords_confirmed_by` says who answers STOP, START
    and HELP: we, or Twilio's own opt-out handling. `assistant_answers`: whether the assistant answers texts at all."""

    __tablename__ = "message_settings"
    __table_args__ = (
        UniqueConstraint("merchant_id"),
        CheckConstraint("keywords_confirmed_by in ('callwaiting', 'twilio')", name="keywords_confirmed_by"),
    )

    keywords_confirmed_by: Mapped[str] = mapped_column(server_default="callwaiting")
    assistant_answers: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")


class MessageTemplate(TenantRow, Base):
    """A version of the merchant's own wording of one kind of text, never changed; the highest holds. Without a body it
    says that the built-in wording holds again."""

    __tablename__ = "message_templates"
    __table_args__ = (UniqueConstraint("merchant_id", "name", "version"),)

    name: Mapped[str]
    version: Mapped[int]
    body: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
