"""Members of a team as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from callwaiting.core.http.schemas import Instant, Schema, Version

TeamRole = Annotated[
    Literal["owner", "admin", "agent", "viewer"],
    Field(examples=["agent"], description="What the person may do; owners may do most, viewers least."),
]


class RoleBody(Schema):
    role: TeamRole


class MemberFace(Schema):
    """Somebody in the team. `status` is `active` unless the account is disabled."""

    id: UUID
    user_id: UUID
    email: str = Field(examples=["maria@example.com"])
    name: str = Field(examples=["Maria Rossi"])
    status: str = Field(examples=["active"])
    role: TeamRole
    version: Version
    joined_at: Instant
