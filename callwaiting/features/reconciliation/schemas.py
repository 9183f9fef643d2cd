"""Findings as the API shows them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Instant, Schema
from callwaiting.features.reconciliation.findings import Kind, State, Subject


class FindingQuery(PageQuery):
    state: State | None = Field(default=None, description="Only those in this state.")
    provider: Literal["stripe", "paypal", "twilio"] | None = Field(default=None, description="Only of this provider.")


class FindingFace(Schema):
    """A difference between a provider's list and ours. `object_id` is the provider's id of the thing; `ours` and
    `theirs` are what each side says of it. One that was `repaired` was put right as it was found."""

    id: UUID
    provider: str = Field(examples=["stripe"])
    subject: Subject
    object_id: str = Field(examples=["pi_3Q0example"])
    kind: Kind
    ours: str = Field(examples=["$24.90"])
    theirs: str = Field(examples=["$24.00"])
    state: State
    repaired: bool
    first_seen_at: Instant
    last_seen_at: Instant
    resolved_at: Instant | None
