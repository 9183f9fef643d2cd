from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

STATES = ("planned", "calling", "works", "wrong_number", "not_forwarded", "answered", "could_not_call")
ONE_RUNNING = "uq_forwarding_tests_running"


class ForwardingTest(TenantRow, Base):
    """One call to the merchant's own line (`line_sealed`), made from the number under test. `call_sid` and
    `error_code` are Twilio's; a merchant has one running test at most."""

    __tablename__ = "forwarding_tests"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        ForeignKeyConstraint(
            ["merchant_id", "phone_number_id"], ["app.phone_numbers.merchant_id", "app.phone_numbers.id"]
        ),
        UniqueConstraint("merchant_id", "call_sid"),
        Index("ix_forwarding_tests_number", "merchant_id", "phone_number_id", "id"),
        Index(ONE_RUNNING, "merchant_id", unique=True, postgresql_where=text("state in ('planned', 'calling')")),
    )

    phone_number_id: Mapped[UUID]
    line_sealed: Mapped[bytes]
    state: Mapped[str] = mapped_column(server_default="planned")
    call_sid: Mapped[str | None]
    error_code: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
