"""Callers by their number."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.callers.errors import CallerNotFound
from callwaiting.features.callers.models import Caller
from callwaiting.features.keys import service as keys

LABEL = "callers.phone"


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """`number` is in E.164, or what the carrier gave instead: the short code of a service."""

    id: UUID
    number: str
    first_seen_at: datetime
    last_seen_at: datetime


def remember(session: Session, e164: str) -> UUID:
    """The caller with this number, made on first sight. Two at once get the same one."""
    caller_id = new_id()
    row = insert(Caller).values(
        merchant_id=merchant_of(session),
        id=caller_id,
        phone_sealed=keys.seal(session, _phone_place(caller_id), e164),
        phone_hash=keys.lookup_hash(session, LABEL, e164),
    )
    found: UUID = session.execute(
        row.on_conflict_do_update(
            index_elements=["merchant_id", "phone_hash"], set_={"last_seen_at": func.now()}
        ).returning(Caller.id)
    ).scalar_one()
    return found


def phone_of(session: Session, caller_id: UUID) -> str:
    """The caller's number in E.164. Raises Undecipherable once the merchant's key is destroyed."""
    sealed = session.scalars(select(Caller.phone_sealed).where(Caller.id == caller_id)).one()
    return keys.unseal(session, _phone_place(caller_id), sealed).decode()


def newest(session: Session, *, before: UUID | None, limit: int) -> list[KnownCaller]:
    """Callers by their ids, which rise with time of first contact, newest first; those older than `before`."""
    query = select(Caller).order_by(Caller.id.desc()).limit(limit)
    rows = session.scalars(query if before is None else query.where(Caller.id < before))
    return [_known(session, row) for row in rows]


def with_number(session: Session, e164: str) -> KnownCaller | None:
    """The caller with exactly this number."""
    row = session.scalar(select(Caller).where(Caller.phone_hash == keys.lookup_hash(session, LABEL, e164)))
    return None if row is None else _known(session, row)


def one(session: Session, caller_id: UUID) -> KnownCaller:
    """Raises CallerNotFound."""
    row = session.scalar(select(Caller).where(Caller.id == caller_id))
    if row is None:
        raise CallerNotFound(str(caller_id))
    return _known(session, row)


def require(session: Session, caller_id: UUID) -> None:
    """Raise CallerNotFound when the merchant has no such caller."""
    if session.scalar(select(Caller.id).where(Caller.id == caller_id)) is None:
        raise CallerNotFound(str(caller_id))


def numbers_of(session: Session, caller_ids: Collection[UUID]) -> dict[UUID, str]:
    """The numbers of these callers, by one statement."""
    rows = session.execute(select(Caller.id, Caller.phone_sealed).where(Caller.id.in_(caller_ids)))
    return {row.id: keys.unseal(session, _phone_place(row.id), row.phone_sealed).decode() for row in rows}


def _known(session: Session, row: Caller) -> KnownCaller:
    number = keys.unseal(session, _phone_place(row.id), row.phone_sealed).decode()
    return KnownCaller(row.id, number, row.created_at, row.last_seen_at)


def _phone_place(caller_id: UUID) -> Place:
    return Place("callers", "phone", caller_id)
