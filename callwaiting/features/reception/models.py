from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow


class Reception(TenantRow, Base):
    """How a merchant's calls are taken; no row is the same as one with every default. `business_line` is the number
    whose calls are forwarded to us, which therefore must never be rung."""

    __tablename__ = "reception"
    __table_args__ = (
        UniqueConstraint("merchant_id"),
        CheckConstraint("transfer_when in ('never', 'open', 'always')", name="transfer_when"),
    )

    address: Mapped[str] = mapped_column(server_default="")
    business_line_sealed: Mapped[bytes | None]
    transfer_to_sealed: Mapped[bytes | None]
    transfer_when: Mapped[str] = mapped_column(server_default="never")
    voicemail: Mapped[bool] = mapped_column(server_default=text("false"))
    record_calls: Mapped[bool] = mapped_column(server_default=text("false"))
    language_model: Mapped[bool] = mapped_column(server_default=text("false"))
    version: Mapped[int] = mapped_column(server_default="1")


class StandingAnswer(TenantRow, Base):
    """The merchant's own words about one matter. `asked` are ways in which callers ask for it."""

    __tablename__ = "standing_answers"
    __table_args__ = (Index("ix_standing_answers_topic", "merchant_id", "topic", "id"),)

    topic: Mapped[str]
    asked: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    answer: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
