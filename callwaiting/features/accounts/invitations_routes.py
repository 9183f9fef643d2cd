"""`/api/v1/invitations`, and `/api/v1/auth/invitation` for those who got one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.context import database
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.accounts import invitations, invitations_accept
from callwaiting.features.accounts import invitations_schemas as faces
from callwaiting.features.accounts.invitations_schemas import InvitationFace
from callwaiting.features.accounts.schemas import Link

api = Api("invitations")


@api.get("/invitations", requires="members.manage", query=PageQuery, answers=Page[InvitationFace])
def newest(session: Session, query: PageQuery) -> Page[InvitationFace]:
    """The invitations to the business's team, newest first."""
    rows = invitations.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[InvitationFace].of(rows, query, key=lambda row: row.id)


@api.get("/invitations/<uuid:invitation_id>", requires="members.manage", answers=InvitationFace)
def one(session: Session, invitation_id: UUID) -> InvitationFace:
    """One invitation."""
    return InvitationFace.model_validate(invitations.one(session, invitation_id))


@api.post(
    "/invitations",
    requires="members.manage",
    body=faces.InvitationBody,
    answers=InvitationFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def invite(session: Session, body: faces.InvitationBody) -> InvitationFace:
    """Invite somebody to the team, by mail.

    The link is good for 48 hours, once; an earlier one to the same address ends. Nobody gives a role above one's own.
    409 for somebody who is in the team already.
    """
    invitation_id = invitations.invite(session, email=body.email, role=body.role)
    return InvitationFace.model_validate(invitations.one(session, invitation_id))


@api.delete("/invitations/<uuid:invitation_id>", requires="members.manage", refuses=[ErrorCode.CONFLICT])
def revoke(session: Session, invitation_id: UUID) -> None:
    """Revoke an invitation. 409 when it was accepted."""
    invitations.revoke(session, invitation_id)


@api.post("/auth/invitation", public="brings a mailed token", idempotent=False, body=Link, answers=faces.Offer)
def look(body: Link) -> faces.Offer:
    """Show what an invitation offers."""
    return faces.Offer.model_validate(invitations_accept.look(database(), body.token))


@api.post(
    "/auth/invitation/accept", public="brings a mailed token", idempotent=False,
    body=faces.Acceptance, answers=faces.Joined,
    refuses=[ErrorCode.SERVICE_UNAVAILABLE, ErrorCode.FORBIDDEN, ErrorCode.CONFLICT],
)  # fmt: skip
def accept(body: faces.Acceptance) -> faces.Joined:
    """Accept an invitation.

    The address of somebody new counts as confirmed.
    """
    joined = invitations_accept.accept(database(), body.token, name=body.name, password=body.password)
    return faces.Joined.model_validate(joined)
