"""Calls as the API shows them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from callwaiting.features.calls.models import Call

PAGE = 25


class PageRequest(BaseModel):
    """`before` is the id of the last call of the page before this one."""

    model_config = ConfigDict(extra="forbid")

    before: UUID | None = None
    limit: int = Field(default=PAGE, ge=1, le=PAGE)


class CallFace(BaseModel):
    """`outcome` is `none`, `order` or `booking`; `caller_id` is null while the number is withheld."""

    id: UUID
    call_sid: str
    caller_id: UUID | None
    status: str
    outcome: str
    started_at: datetime
    ended_at: datetime | None


class CallPage(BaseModel):
    """Newest first. `next` is what `before` must be for the following page; null on the last one."""

    calls: list[CallFace]
    next: UUID | None


def page_of(rows: Sequence[Call], limit: int) -> CallPage:
    """The page made of at most `limit` of the rows; one row more tells that another page follows."""
    faces = [CallFace.model_validate(row, from_attributes=True) for row in rows[:limit]]
    return CallPage(calls=faces, next=faces[-1].id if len(rows) > limit else None)
