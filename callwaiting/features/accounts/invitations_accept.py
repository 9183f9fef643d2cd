"""Accepting an invitation, by the mailed token alone: whoever has it has the mailbox. Somebody with an account joins
by it and signs in as ever; somebody new chooses a name and a password."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.db import Database
from callwaiting.core.errors import Conflict, FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.accounts import invitations, mail_links, members, passwords, people, service
from callwaiting.features.accounts.errors import AccountClosed, LinkSpent
from callwaiting.features.accounts.models import Invitation
from callwaiting.features.accounts.people import FoundUser
from callwaiting.features.audit import service as audit
from callwaiting.features.merchants import service as merchants

FIND = text("select merchant_id, id from auth.invitation(:token_hash)")
SENDER = text("select role from auth.team() where user_id = :invited_by and status = 'active'")


@dataclass(frozen=True, slots=True)
class Offer:
    """What an invitation offers, and to whom. `new`: the address has no account that was ever confirmed."""

    merchant_id: UUID
    invitation_id: UUID
    business: str
    role: str
    email: str
    user: FoundUser | None

    @property
    def new(self) -> bool:
        return self.user is None or self.user.status == "pending"


def look(database: Database, token: str) -> Offer:
    """What the mailed link offers. Raises LinkSpent."""
    with database.unit_of_work(SystemScope("look at invitation", actor="anonymous")) as session:
        found = session.execute(FIND, {"token_hash": mail_links.token_hash(token)}).one_or_none()
    if found is None:
        raise LinkSpent
    with database.unit_of_work(MerchantScope(found.merchant_id, actor="anonymous")) as session:
        row = _open(session, found.id)
        return Offer(
            merchant_id=found.merchant_id,
            invitation_id=row.id,
            business=merchants.profile(session).name,
            role=row.role,
            email=invitations.address_of(session, row),
            user=people.find(session, row.email_hash),
        )


def accept(database: Database, token: str, *, name: str | None, password: str | None) -> Offer:
    """Join the team. `name` and `password` are for somebody new, and nothing happens to those of somebody else.

    Raises LinkSpent, ValidationFailed, AccountClosed for a disabled account, ServiceUnavailable when too many
    passwords are being hashed.
    """
    offer = look(database, token)
    if offer.user is not None and offer.user.status == "disabled":
        raise AccountClosed(message="This account is closed. Please ask your administrator.")
    hashed = _hash_of_new(offer, name, password) if offer.new else ""
    user_id = new_id() if offer.user is None else offer.user.id
    scope = MerchantScope(offer.merchant_id, actor=f"user:{user_id}", user_id=user_id)
    with database.unit_of_work(scope) as session:
        row = _open(session, offer.invitation_id, lock=True)
        if offer.user is None:
            made = people.create(session, email=offer.email, name=name or "", password_hash=hashed, verified=True)
            if not made:
                raise Conflict("signed up meanwhile", reason="accounts.address_taken", message="Please try once more.")
        elif offer.new:
            people.take_over(session, name=name or "", password_hash=hashed)
        row.accepted_at = clock.now()
        session.flush()
        audit.record(session, "invitation.accepted", subject=f"invitation:{row.id}", details={"new": offer.new})
        service.add_member(session, user_id, row.role)
    return offer


def _open(session: Session, invitation_id: UUID, *, lock: bool = False) -> Invitation:
    """Raises LinkSpent, also when who sent it may not send it any more. Two who accept at once: one does."""
    query = select(Invitation).where(Invitation.id == invitation_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None or invitations.state_of(row) != "open":
        raise LinkSpent
    # Whoever has left, or has fallen in rank, leaves no door open behind.
    if row.role not in members.roles_up_to(session.scalar(SENDER, {"invited_by": row.invited_by}) or ""):
        raise LinkSpent
    return row


def _hash_of_new(offer: Offer, name: str | None, password: str | None) -> str:
    if name is None or password is None:
        given = {"name": name, "password": password}
        raise ValidationFailed(*(FieldError(field, "This field is required.") for field in given if not given[field]))
    passwords.require_good_password(password, field="password", known=(offer.email, name))
    return passwords.hash_password(password)
