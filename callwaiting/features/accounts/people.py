"""Persons: found by their address, made, verified, disabled. The address is known by a keyed hash."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Update, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.tenancy import person_of
from callwaiting.features.accounts.models import User
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys

LABEL = "users.email"
ADDRESS = re.compile(r"[^@\s\x00-\x20\"<>(),:;\\\[\]]{1,64}@[\w-]{1,63}(\.[\w-]{1,63}){1,5}")
FIND = text("select id, password_sealed, status, operator from auth.user_by_email(:email_hash)")
MERCHANTS = text("select merchant_id, name, role, version, status from auth.my_merchants()")


@dataclass(frozen=True, slots=True)
class FoundUser:
    """What sign-in needs. `password_hash` is None for a person who has not chosen one yet."""

    id: UUID
    password_hash: str | None
    status: str
    operator: bool


@dataclass(frozen=True, slots=True)
class Team:
    """A merchant whose team the person is in."""

    merchant_id: UUID
    name: str
    role: str
    version: int
    status: str


def normal_email(address: str) -> str:
    """The form under which an address is found again. Raises ValidationFailed."""
    normal = unicodedata.normalize("NFC", address).strip().lower()
    if not ADDRESS.fullmatch(normal):
        raise ValidationFailed(FieldError("email", "This does not look like an e-mail address."))
    return normal


def email_hash(session: Session, email: str) -> bytes:
    """`email` in its normal form."""
    return keys.platform_lookup_hash(session, LABEL, email)


def find(session: Session, sought: bytes) -> FoundUser | None:
    """Before anybody is signed in, by the hash of an address."""
    row = session.execute(FIND, {"email_hash": sought}).one_or_none()
    if row is None:
        return None
    sealed, place = row.password_sealed, _place(row.id, "password")
    password = None if sealed is None else keys.unseal_for_platform(session, place, bytes(sealed))
    return FoundUser(row.id, password.decode() if password else None, row.status, row.operator)


def create(
    session: Session, *, email: str, name: str, password_hash: str | None, verified: bool, operator: bool = False
) -> bool:
    """Make the person whose id is the session's. False, and nothing done, when the address has an account."""
    user_id = person_of(session)
    values = {
        "id": user_id,
        "email_sealed": keys.seal_for_platform(session, _place(user_id, "email"), email),
        "email_hash": email_hash(session, email),
        "name_sealed": keys.seal_for_platform(session, _place(user_id, "name"), name),
        "password_sealed": _sealed_password(session, user_id, password_hash),
        "status": "active" if verified else "pending",
        "verified_at": clock.now() if verified else None,
    }
    if operator:
        values["operator"] = True
    made = session.scalar(insert(User).values(values).on_conflict_do_nothing().returning(User.id))
    if made is None:
        return False
    audit.record(session, "user.created", subject=f"user:{user_id}", details={"operator": operator})
    return True


def contact(session: Session) -> tuple[str, str]:
    """(address, name) of the session's person."""
    user_id = person_of(session)
    row = session.execute(select(User.email_sealed, User.name_sealed).where(User.id == user_id)).one()
    return opened(session, user_id, row.email_sealed, row.name_sealed)


def opened(session: Session, user_id: UUID, email_sealed: bytes, name_sealed: bytes) -> tuple[str, str]:
    """(address, name) of a person whose row was found."""
    email = keys.unseal_for_platform(session, _place(user_id, "email"), bytes(email_sealed))
    return email.decode(), keys.unseal_for_platform(session, _place(user_id, "name"), bytes(name_sealed)).decode()


def merchants(session: Session) -> Sequence[Team]:
    """The merchants whose teams the session's person is in, the earliest first."""
    return [Team(*row) for row in session.execute(MERCHANTS)]


def set_password(session: Session, password_hash: str, *, renewed: bool = False) -> None:
    """`renewed`: the same password, hashed by newer parameters."""
    values = {"password_sealed": _sealed_password(session, person_of(session), password_hash)}
    if not renewed:
        values["password_changed_at"] = clock.now()  # type: ignore[assignment]  # a time among bytes
    session.execute(update(User).where(User.id == person_of(session)).values(values))
    if not renewed:
        audit.record(session, "user.password_changed", subject=f"user:{person_of(session)}")


def mark_verified(session: Session) -> None:
    """The person has shown that the address is theirs."""
    session.execute(_pending(session).values(status="active", verified_at=clock.now()))
    audit.record(session, "user.verified", subject=f"user:{person_of(session)}")


def take_over(session: Session, *, name: str, password_hash: str) -> None:
    """Somebody signed up with the address of the session's person, and never confirmed it. Now it is confirmed, by
    whoever has the mailbox: name and password are theirs, not those of the one who signed up."""
    user_id = person_of(session)
    set_password(session, password_hash)
    sealed = keys.seal_for_platform(session, _place(user_id, "name"), name)
    session.execute(_pending(session).values(name_sealed=sealed))
    mark_verified(session)


def mark_signed_in(session: Session) -> None:
    session.execute(update(User).where(User.id == person_of(session)).values(last_signed_in_at=clock.now()))


def _pending(session: Session) -> Update:
    return update(User).where(User.id == person_of(session), User.status == "pending")


def _sealed_password(session: Session, user_id: UUID, password_hash: str | None) -> bytes | None:
    if password_hash is None:
        return None
    return keys.seal_for_platform(session, _place(user_id, "password"), password_hash)


def _place(user_id: UUID, what: str) -> Place:
    return Place("users", f"{what}_sealed", user_id)
