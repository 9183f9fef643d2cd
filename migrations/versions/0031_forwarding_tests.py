"""Tests of a merchant's forwarding: one call to its line, which has to come back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0031"
down_revision = "0034"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
STATES = "'planned', 'calling', 'works', 'wrong_number', 'not_forwarded', 'answered', 'could_not_call'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "forwarding_tests",
        sa.Column("phone_number_id", sa.Uuid(), nullable=False),
        sa.Column("line_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("call_sid", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(f"state in ({STATES})", name=op.f("ck_forwarding_tests_state")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "phone_number_id"],
            ["app.phone_numbers.merchant_id", "app.phone_numbers.id"],
            name=op.f("fk_forwarding_tests_merchant_id_phone_number_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_forwarding_tests_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_forwarding_tests")),
        sa.UniqueConstraint("merchant_id", "call_sid", name=op.f("uq_forwarding_tests_merchant_id_call_sid")),
        schema="app",
    )
    op.create_index(
        "ix_forwarding_tests_number", "forwarding_tests", ["merchant_id", "phone_number_id", "id"], schema="app"
    )
    op.create_index(
        "uq_forwarding_tests_running",
        "forwarding_tests",
        ["merchant_id"],
        unique=True,
        schema="app",
        postgresql_where=sa.text("state in ('planned', 'calling')"),
    )
    write = tenant("select", "insert", "update")
    protect("forwarding_tests", {"cw_web": write, "cw_worker": write})
