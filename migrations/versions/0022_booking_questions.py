"""Which of several bookings a caller was asked for by text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect, tenant

revision = "0022"
down_revision = "0024"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "booking_questions",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("choices", postgresql.JSONB(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("wish in ('cancel', 'rebook')", name=op.f("ck_booking_questions_wish")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_booking_questions_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_booking_questions_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_booking_questions")),
        sa.UniqueConstraint("merchant_id", "caller_id", name=op.f("uq_booking_questions_merchant_id_caller_id")),
        schema="app",
    )
    replace = tenant("select", "insert", "update", "delete")
    protect("booking_questions", {"cw_web": replace, "cw_worker": replace})
