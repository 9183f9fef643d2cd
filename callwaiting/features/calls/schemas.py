"""Calls as the API shows them."""

from __future__ import annotations

from uuid import UUID

from callwaiting.core.http.schemas import Instant, Schema


class CallFace(Schema):
    """`outcome` is `none`, `order` or `booking`; `caller_id` is null while the number is withheld."""

    id: UUID
    call_sid: str
    caller_id: UUID | None
    status: str
    outcome: str
    started_at: Instant
    ended_at: Instant | None
