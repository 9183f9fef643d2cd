"""Discounts of an order, by a code or by the team, and each line's share of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0019"
down_revision = "0021"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    for table, columns in {
        "orders": ("discount_basis_points", "discount_fixed_minor", "discount_minor"),
        "order_lines": ("discount_minor",),
    }.items():
        for name in columns:
            op.add_column(table, sa.Column(name, sa.Integer(), server_default="0", nullable=False), schema="app")
    op.add_column("orders", sa.Column("discount_code", sa.Text(), server_default="", nullable=False), schema="app")
    op.create_table(
        "discount_codes",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("fixed_minor", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("basis_points between 0 and 10000", name=op.f("ck_discount_codes_basis_points")),
        sa.CheckConstraint("fixed_minor >= 0", name=op.f("ck_discount_codes_fixed_minor")),
        sa.CheckConstraint("(basis_points = 0) <> (fixed_minor = 0)", name=op.f("ck_discount_codes_one_kind")),
        sa.CheckConstraint("uses <= max_uses", name=op.f("ck_discount_codes_uses")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_discount_codes_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_discount_codes")),
        sa.UniqueConstraint("merchant_id", "code", name=op.f("uq_discount_codes_merchant_id_code")),
        schema="app",
    )
    protect(
        "discount_codes",
        {"cw_web": tenant("select", "insert", "update", "delete"), "cw_worker": tenant("select")},
    )
    # A discount changes what each line costs, and nothing else of it.
    protect("order_lines", {"cw_web": tenant(update=("net_minor", "tax_minor", "discount_minor"))})
