"""The address `/b/<token>` under which a caller sees and changes one booking, until that is over."""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.errors import NotFound
from callwaiting.core.ids import new_id, new_token
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings.models import BookingLink
from callwaiting.features.keys import service as keys

TOKEN_BITS = 128


class LinkUnknown(NotFound):
    reason = "bookings.link_unknown"


class LinkOwner(NamedTuple):
    merchant_id: UUID
    booking_id: UUID


def link_to(session: Session, booking_id: UUID) -> str:
    """The address of a booking; asked again, the same."""
    known = session.scalar(select(BookingLink).where(BookingLink.booking_id == booking_id))
    if known is not None:
        return _url(session, keys.unseal(session, _place(known.id), known.token_sealed).decode())
    link_id, token = new_id(), new_token(TOKEN_BITS)
    session.add(
        BookingLink(
            merchant_id=merchant_of(session),
            id=link_id,
            booking_id=booking_id,
            token_hash=token_hash(token),
            token_sealed=keys.seal(session, _place(link_id), token),
        )
    )
    session.flush()
    audit.record(session, "booking_link.created", subject=f"booking:{booking_id}")
    return _url(session, token)


def owner_of_token(session: Session, token: str) -> LinkOwner:
    """Whose booking this is; needs no tenant. Raises LinkUnknown."""
    row = session.execute(
        text("select merchant_id, booking_id from auth.booking_link(:hash)"), {"hash": token_hash(token)}
    ).one_or_none()
    if row is None:
        raise LinkUnknown
    return LinkOwner(row.merchant_id, row.booking_id)


def token_hash(token: str) -> bytes:
    """What is stored of a token for looking it up. A random 128-bit token needs no key or salt."""
    return hashlib.sha256(token.encode()).digest()


def _url(session: Session, token: str) -> str:
    settings: Settings = session.info["settings"]
    return f"{settings.public_base_url}/b/{token}"


def _place(link_id: UUID) -> Place:
    return Place("booking_links", "token", link_id)
