"""No order is a draft, and no calendar comes without an address."""

from __future__ import annotations

from alembic import op

revision = "0039"
down_revision = "0035"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
STATES = (
    "state in ('awaiting_payment', 'deposit_paid', 'awaiting_rest', 'paid', 'expired', 'cancelled',"
    " 'part_refunded', 'refunded')"
)


def upgrade() -> None:
    op.execute(LIMITS)
    op.drop_constraint(op.f("ck_orders_state"), "orders", schema="app")
    op.create_check_constraint(op.f("ck_orders_state"), "orders", STATES, schema="app")
    op.alter_column("orders", "state", server_default=None, schema="app")
    op.alter_column("booking_calendars", "address_sealed", nullable=False, schema="app")
