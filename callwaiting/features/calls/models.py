from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, DateTime, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

STATUSES = ("queued", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled")


class Call(TenantRow, Base):
    """A call by its CallSid. `state` is the dialogue's own state and holds no personal data. `recording_answer` is what
    the caller said to the wording `recording_wording` when asked for a recording; null: not asked.
    `transfer_accepted`: whoever was rung last took the call."""

    __tablename__ = "calls"
    __table_args__ = (
        UniqueConstraint("merchant_id", "call_sid"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        CheckConstraint("recording_answer in ('granted', 'refused')", name="recording_answer"),
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
    recording_answer: Mapped[str | None]
    recording_wording: Mapped[int | None]
    recording_answered_at: Mapped[datetime | None]
    transfer_accepted: Mapped[bool] = mapped_column(server_default=text("false"))


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


class LeftMessage(TenantRow, Base):
    """What a caller wants the team to know, in words (`body_sealed`) or as a recording. A `draft` has not been said yes
    to: it is shown, and marked as such, so that nothing that was said is lost. One left by text has no `call_id`."""

    __tablename__ = "left_messages"
    __table_args__ = (
        CheckConstraint("state in ('draft', 'left', 'done')", name="state"),
        CheckConstraint("body_sealed is null or recording_sid is null", name="content"),
        ForeignKeyConstraint(["merchant_id", "call_id"], ["app.calls.merchant_id", "app.calls.id"]),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
        UniqueConstraint("merchant_id", "recording_sid"),
        Index("ix_left_messages_state", "merchant_id", "state", "id"),
    )

    call_id: Mapped[UUID | None]
    caller_id: Mapped[UUID | None]
    state: Mapped[str]
    body_sealed: Mapped[bytes | None]
    recording_sid: Mapped[str | None]
    seconds: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RecordingRemoval(TenantRow, Base):
    """All recordings of a call, to be removed at the provider; from `asked_at` on nobody hears them."""

    __tablename__ = "recording_removals"
    __table_args__ = (
        UniqueConstraint("merchant_id", "call_id"),
        ForeignKeyConstraint(["merchant_id", "call_id"], ["app.calls.merchant_id", "app.calls.id"]),
    )

    call_id: Mapped[UUID]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removed_at: Mapped[datetime | None]


class TextDialogue(TenantRow, Base):
    """The dialogue by text with one caller. `state` is the dialogue's own state and holds no personal data;
    `answered_at` are the moments of the last answers, so that two machines that answer each other come to an end."""

    __tablename__ = "text_dialogues"
    __table_args__ = (
        UniqueConstraint("merchant_id", "caller_id"),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
    )

    caller_id: Mapped[UUID]
    state: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    answered_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)), server_default="{}")
    last_at: Mapped[datetime] = mapped_column(server_default=func.now())
