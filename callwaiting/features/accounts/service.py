"""What the other slices and the command line ask of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import Conflict, NotFound
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope, SystemScope, merchant_of, person_of
from callwaiting.features.accounts import api_keys, factors, passwords, people, sessions
from callwaiting.features.accounts.models import (
    AccountToken,
    Invitation,
    Membership,
    RecoveryCode,
    TotpFactor,
    User,
    UserSession,
)
from callwaiting.features.audit import service as audit

ACTOR = "operator"


@dataclass(frozen=True, slots=True)
class ListedUser:
    id: UUID
    email: str
    name: str
    status: str
    operator: bool
    created_at: datetime
    last_signed_in_at: datetime | None


def create_user(
    database: Database,
    *,
    email: str,
    name: str,
    password: str,
    merchant_id: UUID | None = None,
    role: str = "owner",
    operator: bool = False,
) -> UUID:
    """A verified person with a password, in a merchant's team or an operator of the platform.

    Raises Conflict when the address has an account, ValidationFailed for an address or password that will not do.
    """
    address = people.normal_email(email)
    passwords.require_good_password(password, field="password", known=(address, name))
    hashed, user_id = passwords.hash_password(password), new_id()
    with database.unit_of_work(_scope(user_id, "create user")) as session:
        made = people.create(session, email=address, name=name, password_hash=hashed, verified=True, operator=operator)
        if not made:
            raise Conflict("this address has an account already", reason="accounts.address_taken")
    if merchant_id is not None:
        with database.unit_of_work(MerchantScope(merchant_id, actor=ACTOR)) as session:
            add_member(session, user_id, role)
    return user_id


def create_owner(database: Database, merchant_id: UUID, *, email: str, name: str, password: str) -> UUID:
    """The first person of a merchant's team. Raises as `create_user` does."""
    return create_user(database, email=email, name=name, password=password, merchant_id=merchant_id)


def enrol(database: Database, user_id: UUID, secret: str) -> None:
    """Give a person an authenticator whose secret is known already."""
    with database.unit_of_work(_scope(user_id, "enrol")) as session:
        factors.enrol(session, secret)


def add_member(session: Session, user_id: UUID, role: str) -> None:
    """Put a person into the team of the session's merchant; one who is in it already keeps the role."""
    row = insert(Membership).values(merchant_id=merchant_of(session), id=new_id(), user_id=user_id, role=role)
    free = row.on_conflict_do_nothing(index_elements=["merchant_id", "user_id"]).returning(Membership.id)
    if session.scalar(free) is not None:
        audit.record(session, "member.added", subject=f"user:{user_id}", details={"role": role})


def list_users(database: Database) -> Sequence[ListedUser]:
    """All persons, the newest first. The list comes from the service role, which reads no address; each address from
    its person's own scope."""
    columns = (User.id, User.status, User.operator, User.created_at, User.last_signed_in_at)
    with database.unit_of_work(SystemScope("list users", actor=ACTOR), DatabaseRole.SERVICE) as session:
        rows = session.execute(select(*columns).order_by(User.created_at.desc(), User.id)).all()
    found = []
    for row in rows:
        with database.unit_of_work(_scope(row.id, "list users")) as session:
            email, name = people.contact(session)
        found.append(ListedUser(email=email, name=name, **row._mapping))
    return found


def find_user(database: Database, email: str) -> UUID:
    """Raises NotFound."""
    with database.unit_of_work(SystemScope("find user", actor=ACTOR)) as session:
        found = people.find(session, people.email_hash(session, people.normal_email(email)))
    if found is None:
        raise NotFound("nobody has this address", reason="accounts.no_such_user")
    return found.id


def disable_user(database: Database, user_id: UUID) -> None:
    """Nobody signs in with this account any more; its sessions end on their next request, and so do the API keys that
    the person made."""
    with database.unit_of_work(_scope(user_id, "disable user")) as session:
        session.execute(update(User).where(User.id == user_id).values(status="disabled"))
        sessions.end_all(session, "disabled")
        audit.record(session, "user.disabled", subject=f"user:{user_id}")
        teams = people.merchants(session)
    for team in teams:
        with database.unit_of_work(MerchantScope(team.merchant_id, actor=ACTOR)) as session:
            api_keys.revoke_beyond(session, user_id, frozenset())


def reset_mfa(database: Database, user_id: UUID) -> None:
    """Forget the person's authenticator and recovery codes, and end its sessions: it enrols again at the next
    sign-in."""
    with database.unit_of_work(_scope(user_id, "reset MFA")) as session:
        for table in (TotpFactor, RecoveryCode):
            session.execute(delete(table).where(table.user_id == person_of(session)))
        sessions.end_all(session, "mfa_reset")
        audit.record(session, "user.mfa_reset", subject=f"user:{user_id}")


def forget_old_sign_ins(database: Database) -> None:
    """Delete sessions and invitations that are over for 30 days, and tokens that have expired."""
    with database.unit_of_work(SystemScope("retention of sign-ins"), DatabaseRole.SERVICE) as session:
        over = func.least(UserSession.expires_at, func.coalesce(UserSession.ended_at, UserSession.expires_at))
        session.execute(delete(UserSession).where(over < func.now() - sessions.REMEMBERED))
        session.execute(delete(Invitation).where(Invitation.expires_at < func.now() - sessions.REMEMBERED))
        session.execute(delete(AccountToken).where(AccountToken.expires_at < func.now()))


def _scope(user_id: UUID, reason: str) -> SystemScope:
    return SystemScope(reason, actor=ACTOR, user_id=user_id)
