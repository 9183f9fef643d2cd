"""The team of a merchant: who is in it, with which role, and who may change that.

Nobody gives or takes a role above one's own, and a team keeps an owner who can sign in. A change raises the
membership's version, so that the other person's access tokens are refused on their next request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, or_, select, text
from sqlalchemy.orm import Session

from callwaiting.core.http.permissions import LADDER, Role, permissions_of
from callwaiting.core.tenancy import MerchantScope, scope_of
from callwaiting.core.versions import require_version
from callwaiting.features.accounts import api_keys, people, team_mails
from callwaiting.features.accounts.errors import LastOwner, MemberNotFound, RankTooLow
from callwaiting.features.accounts.mail_texts import MailText
from callwaiting.features.accounts.models import Membership
from callwaiting.features.audit import service as audit
from callwaiting.features.mails.service import plan_mail
from callwaiting.features.merchants import service as merchants

TEAM = "select membership_id, user_id, email_sealed, name_sealed, status, role, version, joined_at from auth.team()"
LIST = text(f"{TEAM} where membership_id > :after order by membership_id limit :limit")
ONE = text(f"{TEAM} where membership_id = :sought")
OTHER_OWNER = text(
    "select true from auth.team() where role = 'owner' and status = 'active' and membership_id <> :but limit 1"
)
BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Member:
    """A person in the team of the session's merchant. `id` is the membership's, `user_id` the person's."""

    id: UUID
    user_id: UUID
    email: str
    name: str
    status: str
    role: str
    version: int
    joined_at: datetime


def oldest(session: Session, *, after: UUID | None, limit: int) -> list[Member]:
    """The team by the ids of its memberships, which rise with time; those younger than `after`."""
    rows = session.execute(LIST, {"after": after or BEFORE_ALL, "limit": limit})
    return [_member(session, row) for row in rows]


def one(session: Session, member_id: UUID) -> Member:
    """Raises MemberNotFound."""
    row = session.execute(ONE, {"sought": member_id}).one_or_none()
    if row is None:
        raise MemberNotFound(str(member_id))
    return _member(session, row)


def change_role(session: Session, member_id: UUID, version: int, role: str) -> None:
    """Raises MemberNotFound, PreconditionFailed, RankTooLow, LastOwner."""
    row = _locked(session, member_id)
    require_version(row.version, version)
    require_rank(session, row.role, role)
    if row.role == role:
        return
    _require_owner_stays(session, row)
    former, row.role, row.version = row.role, role, version + 1
    session.flush()
    api_keys.revoke_beyond(session, row.user_id, permissions_of(role))
    audit.record(session, "member.role_changed", subject=f"user:{row.user_id}", details={"from": former, "to": role})
    member = one(session, member_id)
    _tell(session, member, team_mails.role_changed(member.name, merchants.profile(session).name, role))


def remove(session: Session, member_id: UUID) -> None:
    """Take a person out of the team; the API keys that it made end with it. Raises MemberNotFound, RankTooLow,
    LastOwner."""
    row = _locked(session, member_id)
    require_rank(session, row.role)
    _require_owner_stays(session, row)
    member = one(session, member_id)
    session.delete(row)
    session.flush()
    api_keys.revoke_beyond(session, member.user_id, frozenset())
    audit.record(session, "member.removed", subject=f"user:{member.user_id}", details={"role": member.role})
    _tell(session, member, team_mails.removed(member.name, merchants.profile(session).name))


def roles_up_to(own: str) -> frozenset[str]:
    """Those that somebody with the role `own` may give and take; none for who is in no team."""
    return frozenset(LADDER[: LADDER.index(Role(own)) + 1]) if own in LADDER else frozenset()


def require_rank(session: Session, *roles: str) -> None:
    """Raises RankTooLow when one of `roles` is above that of whoever acts, or who acts is in no team."""
    scope = scope_of(session)
    own = scope.role if isinstance(scope, MerchantScope) else ""
    if not set(roles) <= roles_up_to(own):
        raise RankTooLow(f"{own} and {roles}")


def _locked(session: Session, member_id: UUID) -> Membership:
    """The membership, and with it those of all owners: two who would leave the team without one wait for each other,
    and the second sees what the first has done."""
    wanted = or_(Membership.role == Role.OWNER, Membership.id == member_id)
    rows = session.scalars(
        select(Membership).where(wanted).order_by(Membership.id).with_for_update().execution_options(
            populate_existing=True
        )
    ).all()  # fmt: skip
    found = next((row for row in rows if row.id == member_id), None)
    if found is None:
        raise MemberNotFound(str(member_id))
    return found


def _require_owner_stays(session: Session, row: Membership) -> None:
    if row.role == Role.OWNER and not session.scalar(OTHER_OWNER, {"but": row.id}):
        raise LastOwner(message="A team needs an owner. Make somebody else one first.")


def _member(session: Session, row: Row[tuple[object, ...]]) -> Member:
    email, name = people.opened(session, row.user_id, row.email_sealed, row.name_sealed)
    return Member(row.membership_id, row.user_id, email, name, row.status, row.role, row.version, row.joined_at)


def _tell(session: Session, member: Member, mail: MailText) -> None:
    plan_mail(session, mail.kind, recipient=member.email, subject=mail.subject, text=mail.text)
