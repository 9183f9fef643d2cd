"""Calls as the API shows them."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from callwaiting.core.http.schemas import Instant, Schema


class CallFace(Schema):
    """`outcome` is `none`, `order` or `booking`; `caller_id` is null while the number is withheld."""

    id: UUID
    call_sid: str = Field(examples=["CA00000000000000000000000000000000"])
    caller_id: UUID | None
    status: str = Field(examples=["completed"])
    outcome: str = Field(examples=["order"])
    started_at: Instant
    ended_at: Instant | None
