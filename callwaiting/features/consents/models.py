from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow


class Consent(TenantRow, Base):
    """One declaration of a caller, never changed. The latest (by `recorded_at`, then id) holds.

    `evidence_sealed` is what the caller wrote or said, `wording` what was shown or spoken to ask for it, and `source`
    where it happened (`message:<id>`, `call:<id>`, `user:<id>`).
    """

    __tablename__ = "consents"
    __table_args__ = (
        CheckConstraint("state in ('granted', 'revoked')", name="state"),
        CheckConstraint("origin in ('sms', 'voice', 'provider', 'operator', 'web')", name="origin"),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
        Index("ix_consents_latest", "merchant_id", "caller_id", "recorded_at"),
    )

    caller_id: Mapped[UUID]
    channel: Mapped[str] = mapped_column(server_default="sms")
    state: Mapped[str]
    origin: Mapped[str]
    evidence_sealed: Mapped[bytes | None]
    wording: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str] = mapped_column(server_default="")
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
