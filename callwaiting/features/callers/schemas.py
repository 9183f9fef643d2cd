"""Callers as the API shows them."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from callwaiting.core.http.schemas import Instant, PhoneNumber, Schema


class NumberSearch(Schema):
    number: PhoneNumber


class CallerFace(Schema):
    """`number` is in E.164, or what the carrier gave instead: the short code of a service."""

    id: UUID
    number: str = Field(examples=["+12125550123"])
    first_seen_at: Instant
    last_seen_at: Instant


class CallerFound(Schema):
    """`caller` is null when nobody with this number has called or texted."""

    caller: CallerFace | None
