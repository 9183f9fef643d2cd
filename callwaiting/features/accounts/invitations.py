"""Places in a team, offered by mail: good for 48 hours, once. Nobody learns from one whether an address has an account,
but whoever has its mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id, new_token
from callwaiting.core.tenancy import merchant_of, person_of
from callwaiting.features.accounts import mail_links, members, people, team_mails, throttle
from callwaiting.features.accounts.errors import AlreadyMember, InvitationClosed, InvitationNotFound
from callwaiting.features.accounts.models import Invitation
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.mails.service import plan_mail
from callwaiting.features.merchants import service as merchants

GOOD_FOR = timedelta(hours=48)
PAGE = "invitation"
# One statement whether the address has an account or not.
IN_TEAM = text("select true from app.memberships b join auth.user_by_email(:email_hash) u on u.id = b.user_id limit 1")
State = Literal["open", "accepted", "revoked", "expired"]


@dataclass(frozen=True, slots=True)
class ListedInvitation:
    id: UUID
    email: str
    role: str
    state: State
    invited_by: UUID
    created_at: datetime
    expires_at: datetime


def invite(session: Session, *, email: str, role: str) -> UUID:
    """Offer a role in the team of the session's merchant to an address. An earlier offer to it that is still open is
    good no more. Raises ValidationFailed, RankTooLow, AlreadyMember, TooManyAttempts."""
    members.require_rank(session, role)
    address, merchant = people.normal_email(email), merchant_of(session)
    email_hash = people.email_hash(session, address)
    throttle.count(session, {"inviting": merchant.bytes, "invited": merchant.bytes + email_hash})
    if session.scalar(IN_TEAM, {"email_hash": email_hash}):
        raise AlreadyMember(message="This person is in your team already.")
    _supersede(session, email_hash)
    invitation_id, token = new_id(), new_token(256)
    session.add(
        Invitation(
            merchant_id=merchant,
            id=invitation_id,
            email_sealed=keys.seal(session, _place(invitation_id), address),
            email_hash=email_hash,
            role=role,
            token_hash=mail_links.token_hash(token),
            invited_by=person_of(session),
            expires_at=clock.now() + GOOD_FOR,
        )
    )
    session.flush()
    _, inviter = people.contact(session)
    link = f"{mail_links.page(session, PAGE)}#{token}"
    mail = team_mails.invitation(inviter, merchants.profile(session).name, role, link)
    plan_mail(session, mail.kind, recipient=address, subject=mail.subject, text=mail.text)
    audit.record(session, "invitation.sent", subject=f"invitation:{invitation_id}", details={"role": role})
    return invitation_id


def newest(session: Session, *, before: UUID | None, limit: int) -> list[ListedInvitation]:
    """The merchant's invitations by their ids, which rise with time, newest first."""
    query = select(Invitation).order_by(Invitation.id.desc()).limit(limit)
    rows = session.scalars(query if before is None else query.where(Invitation.id < before))
    return [_listed(session, row) for row in rows]


def one(session: Session, invitation_id: UUID) -> ListedInvitation:
    """Raises InvitationNotFound."""
    return _listed(session, _read(session, invitation_id))


def revoke(session: Session, invitation_id: UUID) -> None:
    """Its link is good no more. A second time does nothing. Raises InvitationNotFound, RankTooLow, InvitationClosed
    when it was accepted."""
    row = _read(session, invitation_id, lock=True)
    members.require_rank(session, row.role)
    if row.accepted_at is not None:
        raise InvitationClosed(message="This invitation was accepted. Remove the member instead.")
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        session.flush()
        audit.record(session, "invitation.revoked", subject=f"invitation:{row.id}")


def state_of(row: Invitation) -> State:
    if row.accepted_at is not None:
        return "accepted"
    if row.revoked_at is not None:
        return "revoked"
    return "open" if row.expires_at > clock.now() else "expired"


def address_of(session: Session, row: Invitation) -> str:
    return keys.unseal(session, _place(row.id), row.email_sealed).decode()


def _supersede(session: Session, email_hash: bytes) -> None:
    still_open = Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
    earlier = update(Invitation).where(Invitation.email_hash == email_hash, *still_open)
    for invitation_id in session.scalars(earlier.values(revoked_at=clock.now()).returning(Invitation.id)):
        audit.record(session, "invitation.revoked", subject=f"invitation:{invitation_id}", reason="superseded")


def _listed(session: Session, row: Invitation) -> ListedInvitation:
    return ListedInvitation(
        id=row.id,
        email=address_of(session, row),
        role=row.role,
        state=state_of(row),
        invited_by=row.invited_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def _read(session: Session, invitation_id: UUID, *, lock: bool = False) -> Invitation:
    query = select(Invitation).where(Invitation.id == invitation_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise InvitationNotFound(str(invitation_id))
    return row


def _place(invitation_id: UUID) -> Place:
    return Place("invitations", "email_sealed", invitation_id)
