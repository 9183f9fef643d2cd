"""Recordings of calls that a merchant wants removed at the provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0032"
down_revision = "0031"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "recording_removals",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "call_id"],
            ["app.calls.merchant_id", "app.calls.id"],
            name=op.f("fk_recording_removals_merchant_id_call_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_recording_removals_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_recording_removals")),
        sa.UniqueConstraint("merchant_id", "call_id", name=op.f("uq_recording_removals_merchant_id_call_id")),
        schema="app",
    )
    protect(
        "recording_removals",
        {"cw_web": tenant("select", "insert"), "cw_worker": tenant("select", "insert", "update")},
    )
