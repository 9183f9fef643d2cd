from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base
from callwaiting.core.ids import new_id

STATUSES = ("received", "running", "retry", "done", "ignored", "dead")


class WebhookSource(Base):
    """One registered endpoint of one provider account and mode. Its URL ends in the unguessable `public_id`.

    `secrets_sealed` is the platform-sealed JSON `[{"secret": …, "expires_at": …}]` with at most two live secrets.
    `merchant_id` is set where the whole source belongs to one merchant; else each event is resolved by its keys.
    """

    __tablename__ = "webhook_sources"
    __table_args__ = (CheckConstraint("provider in ('stripe', 'twilio', 'paypal')", name="provider"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    public_id: Mapped[str] = mapped_column(unique=True)
    merchant_id: Mapped[UUID | None]
    provider: Mapped[str]
    mode: Mapped[str]
    account: Mapped[str] = mapped_column(server_default="")
    webhook_id: Mapped[str] = mapped_column(server_default="")
    secrets_sealed: Mapped[bytes | None]
    public_url: Mapped[str]
    paused_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WebhookEvent(Base):
    """A verified request, kept. `raw` is sealed: with the platform's key at first, with the merchant's once done or
    ignored; retention empties it and notes `emptied_at` (who empties may not read whether there is a body).

    `routing_keys` holds what leads to the merchant: `account`, `number_hash` (hex of the platform's keyed hash).
    """

    __tablename__ = "webhook_events"
    __table_args__ = (
        UniqueConstraint("source_id", "dedupe_key"),
        CheckConstraint(f"status in {STATUSES}", name="status"),
        Index("ix_webhook_events_due", "next_at", postgresql_where=text("status in ('received', 'retry')")),
        Index("ix_webhook_events_leased", "lease_until", postgresql_where=text("status = 'running'")),
        Index("ix_webhook_events_body", "received_at", postgresql_where=text("emptied_at is null")),
        Index("ix_webhook_events_merchant", "merchant_id", "id"),
        Index("ix_webhook_events_dead", "merchant_id", "id", postgresql_where=text("status = 'dead'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("app.webhook_sources.id"))
    merchant_id: Mapped[UUID | None]
    provider: Mapped[str]
    routing_keys: Mapped[dict[str, Any]]
    dedupe_key: Mapped[str]
    provider_event_id: Mapped[str]
    event_type: Mapped[str]
    object_key: Mapped[str]
    occurred_at: Mapped[datetime | None]
    seq: Mapped[int | None]
    received_at: Mapped[datetime] = mapped_column(server_default=func.now())
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)
    body_sha256: Mapped[bytes]
    other_body_sha256: Mapped[bytes | None]
    headers: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    request_id: Mapped[str] = mapped_column(server_default="")
    origin: Mapped[str] = mapped_column(server_default="webhook")
    status: Mapped[str] = mapped_column(server_default="received")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[UUID | None]
    error_class: Mapped[str | None]
    error: Mapped[str | None]
    done_at: Mapped[datetime | None]
    emptied_at: Mapped[datetime | None]
    deliveries: Mapped[int] = mapped_column(server_default="1")
    last_delivery_at: Mapped[datetime] = mapped_column(server_default=func.now())


class WebhookAttempt(Base):
    """How one attempt at an event ended: done, ignored, retry, dead, put_back, or lost with its worker."""

    __tablename__ = "webhook_attempts"

    event_id: Mapped[UUID] = mapped_column(ForeignKey("app.webhook_events.id"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    merchant_id: Mapped[UUID | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str]
    error: Mapped[str | None]
    worker: Mapped[str] = mapped_column(server_default="")


class RejectedRequests(Base):
    """How many requests a source refused, by reason and minute. Their bodies are never stored."""

    __tablename__ = "rejected_requests"

    source_id: Mapped[UUID] = mapped_column(ForeignKey("app.webhook_sources.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    count: Mapped[int]


class ReconcileRun(Base):
    """One comparison of a provider's own list with ours: of its `events`, or of Twilio's calls and texts."""

    __tablename__ = "reconcile_runs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    source_id: Mapped[UUID] = mapped_column(ForeignKey("app.webhook_sources.id"))
    what: Mapped[str] = mapped_column(server_default="events")
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    listed: Mapped[int] = mapped_column(server_default="0")
    missing: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]


class Lease(Base):
    """Who leads a recurring duty. A row, not a session lock, so that a transaction pooler may sit between."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until: Mapped[datetime]
