"""Alerts as the API shows them."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Instant, Schema
from callwaiting.features.alerts.service import State


class AlertQuery(PageQuery):
    state: State | None = Field(default=None, description="Only those in this state.")


class AlertFace(Schema):
    """Something a person should see. `count` says how often it has happened while it was not resolved."""

    id: UUID
    rule: str = Field(examples=["payments.surplus"])
    severity: str = Field(examples=["high"], description="`info`, `warning`, `high` or `critical`.")
    summary: str = Field(examples=["An order was paid twice."])
    details: dict[str, str | int | None]
    state: State
    count: int = Field(examples=[1])
    first_seen_at: Instant
    last_seen_at: Instant
    resolved_at: Instant | None
