"""The address `/r/<token>` of a receipt. The token is its own: who may pay an order need not see its receipt."""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id, new_token
from callwaiting.core.settings import Settings
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.receipts.errors import ReceiptUnknown

TOKEN_BITS = 128
# Settlements pass here. A twin waits for the first to commit and then finds its row.
MAKE = Statement("""
insert into app.receipts (merchant_id, id, order_id, token_hash, token_sealed)
values (%(merchant_id)s, %(id)s, %(order_id)s, %(token_hash)s, %(token_sealed)s)
on conflict (merchant_id, order_id) do nothing returning id
""")
KNOWN = Statement("select id, token_sealed from app.receipts where order_id = %(order_id)s")


class ReceiptOwner(NamedTuple):
    merchant_id: UUID
    order_id: UUID


def link_to(session: Session, order_id: UUID) -> str:
    """The address of an order's receipt; asked again, the same."""
    receipt_id, token = new_id(), new_token(TOKEN_BITS)
    made: UUID | None = MAKE(
        session,
        merchant_id=merchant_of(session),
        id=receipt_id,
        order_id=order_id,
        token_hash=token_hash(token),
        token_sealed=keys.seal(session, _place(receipt_id), token),
    ).scalar()
    if made is None:
        known = KNOWN(session, order_id=order_id).one()
        token = keys.unseal(session, _place(known.id), bytes(known.token_sealed)).decode()
    else:
        audit.record(session, "receipt.created", subject=f"order:{order_id}")
    settings: Settings = session.info["settings"]
    return f"{settings.public_base_url}/r/{token}"


def owner_of_token(session: Session, token: str) -> ReceiptOwner:
    """Whose receipt this is; needs no tenant. Raises ReceiptUnknown."""
    row = session.execute(
        text("select merchant_id, order_id from auth.receipt(:hash)"), {"hash": token_hash(token)}
    ).one_or_none()
    if row is None:
        raise ReceiptUnknown
    return ReceiptOwner(row.merchant_id, row.order_id)


def token_hash(token: str) -> bytes:
    """What is stored of a token for looking it up. A random 128-bit token needs no key or salt."""
    return hashlib.sha256(token.encode()).digest()


def _place(receipt_id: UUID) -> Place:
    return Place("receipts", "token", receipt_id)
