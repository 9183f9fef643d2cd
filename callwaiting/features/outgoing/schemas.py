"""Endpoints and deliveries as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Instant, Schema, Version
from callwaiting.features.outgoing.endpoints import Switch
from callwaiting.features.outgoing.log import State
from callwaiting.features.outgoing.service import EventName
from callwaiting.providers.outside import MAX_URL

Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_URL, pattern=r"^[!-~]+$"),
    Field(description="An https address on the public internet.", examples=["https://shop.example.com/hooks"]),
]
Events = Annotated[list[EventName], Field(min_length=1, max_length=20, examples=[["order.paid"]])]


class EndpointBody(Schema):
    url: Url
    events: Events


class EndpointChange(EndpointBody):
    state: Switch = "active"


class EndpointFace(Schema):
    """`disabled` is what it becomes by itself after a long failure, since `failing_since`."""

    id: UUID
    url: str = Field(examples=["https://pos.example.com/callwaiting"])
    events: list[str] = Field(examples=[["order.paid"]])
    state: str = Field(examples=["active"], description="`active`, `paused` or `disabled`.")
    failing_since: Instant | None
    version: Version
    created_at: Instant


class SecretFace(Schema):
    """Shown this once."""

    secret: str = Field(examples=["whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"])


class NewEndpoint(EndpointFace, SecretFace):
    pass


class Overlap(Schema):
    overlap_hours: int = Field(default=24, ge=0, le=168, description="How long the present secret signs too.")


class DeliveryQuery(PageQuery):
    state: State | None = Field(default=None, description="Only those in this state.")


class DeliveryFace(Schema):
    """`id` is the `webhook-id`. `attempts` counts since it was last asked for."""

    id: UUID
    event: str = Field(examples=["order.paid"])
    body: str = Field(examples=['{"type":"order.paid","timestamp":"2026-05-04T18:30:00Z","data":{}}'])
    state: State
    attempts: int
    last_status: int | None
    last_error: str | None = Field(examples=["It answered 500."])
    next_at: Instant | None
    created_at: Instant
    delivered_at: Instant | None
