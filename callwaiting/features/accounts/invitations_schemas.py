"""Invitations as the API shows and takes them."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from callwaiting.core.http.schemas import Instant, Schema
from callwaiting.features.accounts.invitations import State
from callwaiting.features.accounts.members_schemas import TeamRole
from callwaiting.features.accounts.schemas import Email, Link, Password, PersonName


class InvitationBody(Schema):
    email: Email
    role: TeamRole


class InvitationFace(Schema):
    """An invitation that was mailed. It says nothing about whether its address has an account."""

    id: UUID
    email: str = Field(examples=["maria@example.com"])
    role: TeamRole
    state: State
    invited_by: UUID
    created_at: Instant
    expires_at: Instant


class Offer(Schema):
    """What an invitation offers. `new`: accepting it takes a name and a password."""

    business: str = Field(examples=["Luigi's Pizza"])
    role: TeamRole
    email: str = Field(examples=["maria@example.com"])
    new: bool


class Acceptance(Link):
    """`name` and `password` are for somebody new; those of somebody with an account stay as they are."""

    name: PersonName | None = None
    password: Password | None = None


class Joined(Schema):
    """Sign in next; somebody who is signed in switches to the business."""

    merchant_id: UUID
    business: str = Field(examples=["Luigi's Pizza"])
    role: TeamRole
