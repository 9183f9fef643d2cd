"""Webhooks that go to merchants' own systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect, tenant

revision = "0016"
down_revision = "0012"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "outgoing_endpoints",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), server_default="active", nullable=False),
        sa.Column("secrets_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state in ('active', 'paused', 'disabled')", name=op.f("ck_outgoing_endpoints_state")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_outgoing_endpoints_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_outgoing_endpoints")),
        schema="app",
    )
    protect(
        "outgoing_endpoints",
        {
            "cw_web": tenant("select", "insert", "update", "delete"),
            "cw_worker": tenant("select", update=("state", "failing_since", "version")),
        },
    )
    op.create_table(
        "outgoing_deliveries",
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("rounds", sa.Integer(), server_default="1", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state in ('waiting', 'delivered', 'failed')", name=op.f("ck_outgoing_deliveries_state")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "endpoint_id"],
            ["app.outgoing_endpoints.merchant_id", "app.outgoing_endpoints.id"],
            name=op.f("fk_outgoing_deliveries_merchant_id_endpoint_id"),
            ondelete="cascade",
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_outgoing_deliveries_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_outgoing_deliveries")),
        schema="app",
    )
    op.create_index(
        "ix_outgoing_deliveries_endpoint", "outgoing_deliveries", ["merchant_id", "endpoint_id", "id"], schema="app"
    )
    write = tenant("select", "insert", "update")
    protect("outgoing_deliveries", {"cw_web": write, "cw_worker": write})
