"""Callers by their number."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.callers.models import Caller
from callwaiting.features.keys import service as keys

LABEL = "callers.phone"


def remember(session: Session, e164: str) -> UUID:
    """The caller with this number, made on first sight. Two at once get the same one."""
    caller_id = new_id()
    row = insert(Caller).values(
        merchant_id=merchant_of(session),
        id=caller_id,
        phone_sealed=keys.seal(session, Place("callers", "phone", caller_id), e164),
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
    return keys.unseal(session, Place("callers", "phone", caller_id), sealed).decode()
