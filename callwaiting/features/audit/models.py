from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base


class AuditOutbox(Base):
    """A record that waits for the chain. Written in the transaction that it tells about, so both exist or neither."""

    __tablename__ = "outbox"
    __table_args__ = ({"schema": "audit"},)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    merchant_id: Mapped[UUID | None]
    record: Mapped[bytes] = mapped_column(LargeBinary)
    written_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AuditLog(Base):
    """One link of the chain. `record` is the exact bytes that were hashed (canonical JSON).

    hash = SHA-256(prev_hash ‖ seq ‖ merchant ‖ record); `merchant_prev_hash` is the hash of the merchant's own
    previous link, so that one merchant's part can be verified without the others'.
    """

    __tablename__ = "log"
    __table_args__ = (Index("ix_log_merchant_id_seq", "merchant_id", "seq"), {"schema": "audit"})

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    merchant_id: Mapped[UUID | None]
    record: Mapped[bytes]
    prev_hash: Mapped[bytes]
    merchant_prev_hash: Mapped[bytes | None]
    hash: Mapped[bytes]
    chained_at: Mapped[datetime] = mapped_column(server_default=func.now())
