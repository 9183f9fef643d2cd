"""Payment links: our own `/p/<token>`, for one version of one order, until it expires."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id, new_token
from callwaiting.core.money import Money
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.payments.errors import LinkReplaced, LinkUnknown
from callwaiting.features.payments.models import PaymentLink

TOKEN_BITS = 128


class LinkOwner(NamedTuple):
    merchant_id: UUID
    link_id: UUID


@dataclass(frozen=True, slots=True)
class Link:
    """A link that has not been replaced. It may be past its time: see `expires_at`."""

    id: UUID
    order_id: UUID
    order_version: int
    amount: Money
    expires_at: datetime


def create_link(session: Session, *, order_id: UUID, order_version: int, amount: Money, expires_at: datetime) -> str:
    """The public URL under which this version of the order can be paid. Asked again, the same URL.

    Links of earlier versions stop working.
    """
    known = session.scalar(
        select(PaymentLink).where(PaymentLink.order_id == order_id, PaymentLink.order_version == order_version)
    )
    if known is not None:
        return _url(session, keys.unseal(session, _place(known.id), known.token_sealed).decode())
    session.execute(
        update(PaymentLink)
        .where(PaymentLink.order_id == order_id, PaymentLink.revoked_at.is_(None))
        .values(revoked_at=func.now())
    )
    link_id, token = new_id(), new_token(TOKEN_BITS)
    session.add(
        PaymentLink(
            merchant_id=merchant_of(session),
            id=link_id,
            token_hash=token_hash(token),
            token_sealed=keys.seal(session, _place(link_id), token),
            order_id=order_id,
            order_version=order_version,
            amount_minor=amount.minor,
            currency=amount.currency,
            expires_at=expires_at,
        )
    )
    session.flush()
    audit.record(session, "payment_link.created", subject=f"payment_link:{link_id}", details={"version": order_version})
    return _url(session, token)


def owner_of_token(session: Session, token: str) -> LinkOwner:
    """Whose link this is; needs no tenant. Raises LinkUnknown."""
    row = session.execute(
        text("select merchant_id, link_id from auth.payment_link(:hash)"), {"hash": token_hash(token)}
    ).one_or_none()
    if row is None:
        raise LinkUnknown
    return LinkOwner(row.merchant_id, row.link_id)


def link_of(session: Session, link_id: UUID) -> Link:
    """A link of the session's merchant. Raises LinkUnknown, LinkReplaced."""
    row = session.scalar(select(PaymentLink).where(PaymentLink.id == link_id))
    if row is None:
        raise LinkUnknown
    if row.revoked_at is not None:
        raise LinkReplaced
    return Link(row.id, row.order_id, row.order_version, Money(row.amount_minor, row.currency), row.expires_at)


def token_hash(token: str) -> bytes:
    """What is stored of a token for looking it up. A random 128-bit token needs no key or salt."""
    return hashlib.sha256(token.encode()).digest()


def _url(session: Session, token: str) -> str:
    settings: Settings = session.info["settings"]
    return f"{settings.public_base_url}/p/{token}"


def _place(link_id: UUID) -> Place:
    return Place("payment_links", "token", link_id)
