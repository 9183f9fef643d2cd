from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base
from callwaiting.core.ids import new_id

STATES = ("planned", "sent", "refused", "dead")


class Mail(Base):
    """One mail to one person, who may belong to no merchant yet. `content_sealed` holds address, subject and text
    under the platform's key, and is emptied when the mail has left."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        Index("ix_mails_due", "next_at", postgresql_where=text("state = 'planned'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    content_sealed: Mapped[bytes | None]
    state: Mapped[str] = mapped_column(server_default="planned")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_at: Mapped[datetime] = mapped_column(server_default=func.now())
    lease_token: Mapped[UUID | None]
    error: Mapped[str | None]
    request_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[datetime | None]
