"""A POST that is sent again has no second effect: the first answer is kept under the client's Idempotency-Key.

The key, the work and the answer are one transaction. A twin that comes meanwhile waits at the unique index until the
first has committed, and then gets its answer; if the first failed, the twin does the work. Answers are sealed: they
may name a caller. Failures are not kept, so that they can be repaired and tried again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from flask import request
from psycopg2.errors import LockNotAvailable
from sqlalchemy import CursorResult, Index, UniqueConstraint, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from callwaiting.core.crypto import DataKey, Place, key_version
from callwaiting.core.db import Base, Database, DatabaseRole, TenantRow
from callwaiting.core.errors import BadRequest, CallwaitingError, Conflict, ErrorCode
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import SystemScope, merchant_of, scope_of

HEADER = "Idempotency-Key"
KEY = re.compile(r"[!-~]{8,255}")
KEPT = timedelta(hours=48)


class IdempotencyKey(TenantRow, Base):
    """A key that was used, what it was used for, and the answer that it got (empty until the work is done, which
    nobody sees: it is the same transaction)."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        UniqueConstraint("merchant_id", "key_hash"),
        Index("ix_idempotency_keys_created_at", "created_at"),
    )

    key_hash: Mapped[bytes]
    request_hash: Mapped[bytes]
    status: Mapped[int]
    etag: Mapped[str | None]
    answer_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class KeyReused(CallwaitingError):
    """The key came with another request before."""

    code = ErrorCode.IDEMPOTENCY_KEY_REUSED
    reason = "http.idempotency_key_reused"


class MerchantKeys(Protocol):
    """What the session's key ring does for us."""

    def merchant(self, session: Session, version: int | None = None) -> DataKey: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes over the wire."""

    status: int
    body: bytes
    etag: str | None = None
    replayed: bool = False


def sent_key() -> str:
    """The request's key. Raises BadRequest when it is absent or malformed."""
    key = request.headers.get(HEADER, "")
    if not KEY.fullmatch(key):
        reason = "http.idempotency_key_malformed" if key else "http.idempotency_key_missing"
        raise BadRequest(reason=reason, message=f"Send an {HEADER} of 8 to 255 visible ASCII characters.")
    return key


def once(session: Session, key: str, request_bytes: bytes, work: Callable[[], Answer]) -> Answer:
    """The answer of `work`, or the one that it gave when the same actor sent the same key and request before.

    Raises KeyReused when the key came with another request, and Conflict when the first is still at work.
    """
    row_id, request_hash = new_id(), hashlib.sha256(request_bytes).digest()
    key_hash = hashlib.sha256(f"{scope_of(session).actor}\0{key}".encode()).digest()
    claim = insert(IdempotencyKey).values(
        merchant_id=merchant_of(session),
        id=row_id,
        key_hash=key_hash,
        request_hash=request_hash,
        status=0,
        answer_sealed=b"",
    )
    try:
        claimed = session.scalar(claim.on_conflict_do_nothing().returning(IdempotencyKey.id))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise Conflict("its twin is still at work", reason="http.idempotency_key_in_use", retry_after=1) from error
        raise
    if claimed is None:
        return _kept(session, key_hash, request_hash)
    answer = work()
    sealed = _keys(session).merchant(session).seal(_place(row_id), answer.body)
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == row_id)
        .values(status=answer.status, etag=answer.etag, answer_sealed=sealed)
    )
    return answer


def forget_old_keys(database: Database) -> int:
    """Delete the keys that are older than 48 hours, of all merchants; returns how many."""
    with database.unit_of_work(SystemScope("retention of idempotency keys"), DatabaseRole.SERVICE) as session:
        old = delete(IdempotencyKey).where(IdempotencyKey.created_at < func.now() - KEPT)
        result = session.execute(old)
        return result.rowcount if isinstance(result, CursorResult) else 0


def _kept(session: Session, key_hash: bytes, request_hash: bytes) -> Answer:
    found = session.scalars(select(IdempotencyKey).where(IdempotencyKey.key_hash == key_hash)).one()
    if found.request_hash != request_hash:
        raise KeyReused
    sealing_key = _keys(session).merchant(session, key_version(found.answer_sealed))
    return Answer(found.status, sealing_key.open(_place(found.id), found.answer_sealed), found.etag, replayed=True)


def _keys(session: Session) -> MerchantKeys:
    keys: MerchantKeys = session.info["keys"]
    return keys


def _place(row_id: UUID) -> Place:
    return Place("idempotency_keys", "answer_sealed", row_id)
