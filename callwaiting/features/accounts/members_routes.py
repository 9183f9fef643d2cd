"""`/api/v1/members`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.accounts import members
from callwaiting.features.accounts.members_schemas import MemberFace, RoleBody

api = Api("members")


@api.get("/members", requires="members.read", query=PageQuery, answers=Page[MemberFace])
def oldest(session: Session, query: PageQuery) -> Page[MemberFace]:
    """The business's team, those who joined first at the top."""
    rows = members.oldest(session, after=query.position(UUID), limit=query.limit + 1)
    return Page[MemberFace].of(rows, query, key=lambda row: row.id)


@api.get("/members/<uuid:member_id>", requires="members.read", answers=MemberFace)
def one(session: Session, member_id: UUID) -> MemberFace:
    """One member of the team."""
    return MemberFace.model_validate(members.one(session, member_id))


@api.put(
    "/members/<uuid:member_id>",
    requires="members.manage",
    body=RoleBody,
    answers=MemberFace,
    refuses=[ErrorCode.CONFLICT],
)
def change_role(session: Session, member_id: UUID, body: RoleBody, version: int) -> MemberFace:
    """Change a member's role.

    Their access tokens end on the next request; refreshing gives one with the new role. Nobody gives or takes a role
    above one's own. 409 for the last owner. API keys that they made and that may more than they do now are revoked.
    """
    members.change_role(session, member_id, version, body.role)
    return MemberFace.model_validate(members.one(session, member_id))


@api.delete("/members/<uuid:member_id>", requires="members.manage", refuses=[ErrorCode.CONFLICT])
def remove(session: Session, member_id: UUID) -> None:
    """Take somebody out of the team, or leave it.

    Works on their next request, and ends the API keys that they made. 409 for the last owner.
    """
    members.remove(session, member_id)
