"""API keys as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from callwaiting.core.http.permissions import SCOPES
from callwaiting.core.http.schemas import Instant, Line, NamedInstant, Schema
from callwaiting.features.accounts.api_keys import State


def _known(scope: str) -> str:
    if scope not in SCOPES:
        raise ValueError("No API key can have this permission.")
    return scope


Scope = Annotated[str, AfterValidator(_known), Field(json_schema_extra={"enum": sorted(SCOPES)})]
Name = Annotated[Line, Field(examples=["Till in the shop"], description="What it is for.")]


class ApiKeyBody(Schema):
    """A key for a machine. Without `expires_at` it is good until it is revoked."""

    name: Name
    scopes: list[Scope] = Field(min_length=1, max_length=len(SCOPES), examples=[["orders.read"]])
    expires_at: NamedInstant | None = None


class ApiKeyFace(Schema):
    """`prefix` is how the key begins. `last_used_at` names the minute."""

    id: UUID
    name: Name
    prefix: str = Field(examples=["cwk_01890f4ee6c87d3a9c0b5a7d1f2e3c4b"])
    scopes: list[str] = Field(examples=[["orders.read"]])
    state: State
    created_by: UUID
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None


class NewApiKey(ApiKeyFace):
    """`key` is shown this once."""

    key: str = Field(examples=["cwk_01890f4ee6c87d3a9c0b5a7d1f2e3c4b_…"])
