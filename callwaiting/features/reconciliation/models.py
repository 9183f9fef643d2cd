from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

KINDS = ("missing_here", "missing_there", "amount_differs", "currency_differs", "state_differs", "fee_differs")
SUBJECTS = ("call", "message", "payment", "refund", "fee")


class ReconcileFinding(TenantRow, Base):
    """A difference between a provider's list and ours. `object_id` is the provider's id of the thing, `ours` and
    `theirs` what each side says of it; neither names a person. It is resolved when a later comparison no longer sees
    the difference, or at once where it was `repaired`. `payment_id` and `checkout_id` are for looking again."""

    __tablename__ = "reconcile_findings"
    __table_args__ = (
        CheckConstraint(f"kind in {KINDS}", name="kind"),
        CheckConstraint(f"subject in {SUBJECTS}", name="subject"),
        CheckConstraint("state in ('open', 'resolved')", name="state"),
        Index(
            "uq_reconcile_findings_open",
            "merchant_id",
            "provider",
            "subject",
            "object_id",
            "kind",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_reconcile_findings_state", "merchant_id", "state", "id"),
    )

    provider: Mapped[str]
    subject: Mapped[str]
    object_id: Mapped[str]
    kind: Mapped[str]
    payment_id: Mapped[str] = mapped_column(server_default="")
    checkout_id: Mapped[str] = mapped_column(server_default="")
    ours: Mapped[str] = mapped_column(server_default="")
    theirs: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="open")
    repaired: Mapped[bool] = mapped_column(server_default=text("false"))
    first_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]


class MoneyRun(TenantRow, Base):
    """One comparison of a merchant's money with a provider's books; the next goes on from the last good one."""

    __tablename__ = "money_runs"
    __table_args__ = (Index("ix_money_runs_provider", "merchant_id", "provider", "id"),)

    provider: Mapped[str]
    window_start: Mapped[datetime]
    window_end: Mapped[datetime]
    listed: Mapped[int] = mapped_column(server_default="0")
    differing: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    ended_at: Mapped[datetime] = mapped_column(server_default=func.now())
