"""From a dialled number to its merchant, and from a merchant to its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.phone_numbers.errors import NumberNotFound, NumberTaken
from callwaiting.features.phone_numbers.models import PhoneNumber


class Owner(NamedTuple):
    merchant_id: UUID
    phone_number_id: UUID


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """A number of the session's merchant; `number` is in E.164."""

    id: UUID
    number: str
    label: str
    version: int
    created_at: datetime


def number_hash(session: Session, e164: str) -> bytes:
    """The hash under which a number of ours is found before its merchant is known."""
    return keys.platform_lookup_hash(session, keys.NUMBER_LABEL, e164)


def owner_of(session: Session, e164: str) -> Owner | None:
    """Whose number this is; needs no tenant and works through one resolver function."""
    row = session.execute(
        text("select merchant_id, phone_number_id from auth.merchant_of_number(:hash)"),
        {"hash": number_hash(session, e164)},
    ).one_or_none()
    return Owner(row.merchant_id, row.phone_number_id) if row else None


def add_number(session: Session, e164: str, *, label: str = "") -> UUID:
    """Give the session's merchant a number. Raises NumberTaken when it leads to a merchant already."""
    number_id = new_id()
    row = insert(PhoneNumber).values(
        merchant_id=merchant_of(session),
        id=number_id,
        number_sealed=keys.seal_for_platform(session, _place(number_id), e164),
        number_hash=number_hash(session, e164),
        label=label,
    )
    if session.scalar(row.on_conflict_do_nothing().returning(PhoneNumber.id)) is None:
        raise NumberTaken(message="This number leads to a business already.")
    audit.record(session, "phone_number.added", subject=f"phone_number:{number_id}")
    return number_id


def relabel(session: Session, number_id: UUID, version: int, label: str) -> None:
    """Change what the merchant calls the number. Raises NumberNotFound, PreconditionFailed."""
    row = session.scalar(select(PhoneNumber).where(PhoneNumber.id == number_id).with_for_update())
    if row is None:
        raise NumberNotFound(str(number_id))
    require_version(row.version, version)
    row.label, row.version = label, version + 1
    session.flush()
    audit.record(session, "phone_number.relabelled", subject=f"phone_number:{number_id}")


def oldest(session: Session, *, after: UUID | None, limit: int) -> list[OwnNumber]:
    """The merchant's numbers by their ids, which rise with time; those younger than `after`."""
    query = select(PhoneNumber).order_by(PhoneNumber.id).limit(limit)
    rows = session.scalars(query if after is None else query.where(PhoneNumber.id > after))
    return [_own(session, row) for row in rows]


def one(session: Session, number_id: UUID) -> OwnNumber:
    """One of the merchant's numbers. Raises NumberNotFound."""
    row = session.scalar(select(PhoneNumber).where(PhoneNumber.id == number_id))
    if row is None:
        raise NumberNotFound(str(number_id))
    return _own(session, row)


def number_of(session: Session, phone_number_id: UUID) -> str:
    """The E.164 number of one of the merchant's numbers."""
    sealed = session.scalars(select(PhoneNumber.number_sealed).where(PhoneNumber.id == phone_number_id)).one()
    return keys.unseal_for_platform(session, _place(phone_number_id), sealed).decode()


def _own(session: Session, row: PhoneNumber) -> OwnNumber:
    number = keys.unseal_for_platform(session, _place(row.id), row.number_sealed).decode()
    return OwnNumber(row.id, number, row.label, row.version, row.created_at)


def _place(number_id: UUID) -> Place:
    return Place("phone_numbers", "number", number_id)
