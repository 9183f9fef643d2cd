from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow


class Caller(TenantRow, Base):
    """A caller of one merchant, found by the merchant's keyed hash of the number."""

    __tablename__ = "callers"
    __table_args__ = (UniqueConstraint("merchant_id", "phone_hash"),)

    phone_sealed: Mapped[bytes]
    phone_hash: Mapped[bytes]
    name_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
