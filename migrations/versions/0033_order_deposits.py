"""Deposits of orders: the merchant's rule, what of an order is due first, and the rest."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0033"
down_revision = "0026"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
STATES = (
    "state in ('draft', 'awaiting_payment', 'deposit_paid', 'awaiting_rest', 'paid', 'expired', 'cancelled',"
    " 'part_refunded', 'refunded')"
)
DUE = """
case when deposit_minor = 0 then total_minor when rest_asked then total_minor - deposit_minor else deposit_minor end
"""


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def upgrade() -> None:
    op.execute(LIMITS)
    for column in (
        _number("deposit_minor"),
        _number("deposit_basis_points"),
        _number("deposit_fixed_minor"),
        _number("paid_elsewhere_minor"),
        sa.Column("rest_asked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("deposit_paid_at", sa.DateTime(timezone=True), nullable=True),
        # Worked out when it is read, so that no row has to be written anew.
        sa.Column("due_minor", sa.Integer(), sa.Computed(DUE.strip(), persisted=False), nullable=True),
    ):
        op.add_column("orders", column, schema="app")
    op.drop_constraint(op.f("ck_orders_state"), "orders", schema="app")
    op.create_check_constraint(op.f("ck_orders_state"), "orders", STATES, schema="app")
    op.create_check_constraint(
        op.f("ck_orders_deposit_minor"),
        "orders",
        "deposit_minor = 0 or deposit_minor > 0 and deposit_minor < total_minor",
        schema="app",
    )
    op.create_table(
        "order_rules",
        _number("deposit_basis_points"),
        _number("deposit_fixed_minor"),
        _number("deposit_above_minor"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("deposit_basis_points between 0 and 9999", name=op.f("ck_order_rules_deposit_basis_points")),
        sa.CheckConstraint("deposit_fixed_minor >= 0", name=op.f("ck_order_rules_deposit_fixed_minor")),
        sa.CheckConstraint("deposit_above_minor >= 0", name=op.f("ck_order_rules_deposit_above_minor")),
        sa.CheckConstraint("deposit_basis_points = 0 or deposit_fixed_minor = 0", name=op.f("ck_order_rules_one_kind")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_order_rules_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_order_rules")),
        sa.UniqueConstraint("merchant_id", name=op.f("uq_order_rules_merchant_id")),
        schema="app",
    )
    protect("order_rules", {"cw_web": tenant("select", "insert", "update"), "cw_worker": tenant("select")})
