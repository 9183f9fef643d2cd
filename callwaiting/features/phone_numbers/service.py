"""From a dialled number to its merchant, and from a merchant to its numbers."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.phone_numbers.models import PhoneNumber


class Owner(NamedTuple):
    merchant_id: UUID
    phone_number_id: UUID


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
    """Give the session's merchant a number. A number that another merchant has violates a unique index."""
    number_id = new_id()
    place = Place("phone_numbers", "number", number_id)
    session.add(
        PhoneNumber(
            merchant_id=merchant_of(session),
            id=number_id,
            number_sealed=keys.seal_for_platform(session, place, e164),
            number_hash=number_hash(session, e164),
            label=label,
        )
    )
    session.flush()
    audit.record(session, "phone_number.added", subject=f"phone_number:{number_id}")
    return number_id


def number_of(session: Session, phone_number_id: UUID) -> str:
    """The E.164 number of one of the merchant's numbers."""
    sealed = session.scalars(select(PhoneNumber.number_sealed).where(PhoneNumber.id == phone_number_id)).one()
    return keys.unseal_for_platform(session, Place("phone_numbers", "number", phone_number_id), sealed).decode()
