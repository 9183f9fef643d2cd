"""Persons, for operators of the platform. Their access tokens have an audience of their own."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import principal
from callwaiting.core.http.context import database
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.core.http.schemas import Instant, Schema
from callwaiting.features.accounts import operators

MANAGE = "users.manage"
NOT_NOW = frozenset({ErrorCode.CONFLICT, ErrorCode.NOT_FOUND})
api = Api("operators")


class PersonFace(Schema):
    id: UUID
    email: str = Field(examples=["maria@example.com"])
    name: str = Field(examples=["Maria Rossi"])
    status: str = Field(
        examples=["active"], description="`pending` until the address is confirmed, `active`, `disabled`."
    )
    operator: bool
    created_at: Instant
    last_signed_in_at: Instant | None


class StatusChange(Schema):
    status: operators.Status


@api.get("/operator/users", requires=MANAGE, query=PageQuery, answers=Page[PersonFace])
def everybody(session: Session, query: PageQuery) -> Page[PersonFace]:
    """List all persons, the newest first."""
    rows = operators.everybody(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[PersonFace].of(rows, query, key=lambda row: row.id)


@api.put(
    "/operator/users/<uuid:user_id>/status", requires=MANAGE, step_up=True, if_match=False,
    body=StatusChange, refuses=NOT_NOW,
)  # fmt: skip
def change_status(user_id: UUID, body: StatusChange) -> None:
    """Close an account, or open it again. A closed one's sessions end on their next request."""
    operators.set_status(database(), principal().user_id, user_id, body.status)


@api.delete("/operator/users/<uuid:user_id>/factors", requires=MANAGE, step_up=True, refuses=NOT_NOW)
def forget_factor(user_id: UUID) -> None:
    """Forget a lost authenticator and the recovery codes. Make sure first that it is that person who asks."""
    operators.forget_factor(database(), principal().user_id, user_id)
