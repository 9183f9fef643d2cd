"""Bookings that the team changes, and indexes for the lists and figures of the API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    for table in ("booking_resources", "bookings"):
        op.add_column(table, sa.Column("version", sa.Integer(), server_default="1", nullable=False), schema="app")
    op.add_column("bookings", sa.Column("phone_number_id", sa.Uuid(), nullable=True), schema="app")
    op.create_index("ix_bookings_start", "bookings", ["merchant_id", sa.text("lower(period)"), "id"], schema="app")
    op.create_index(
        "ix_bookings_confirmed",
        "bookings",
        ["merchant_id", "confirmed_at"],
        schema="app",
        postgresql_where=sa.text("state = 'confirmed'"),
    )
    op.create_index("ix_booking_resources_name", "booking_resources", ["merchant_id", "name", "id"], schema="app")
    op.create_index("ix_calls_outcome", "calls", ["merchant_id", "outcome", "id"], schema="app")
    op.create_index("ix_orders_state", "orders", ["merchant_id", "state", "id"], schema="app")
    op.create_index("ix_orders_caller", "orders", ["merchant_id", "caller_id", "id"], schema="app")
    op.create_index("ix_payments_settled", "payments", ["merchant_id", "settled_at"], schema="app")
    op.create_index("ix_messages_newest", "messages", ["merchant_id", "created_at"], schema="app")
