"""Deposits of services: a time that is kept until its deposit has come, and the order that asks for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
STATES = "state in ('held', 'awaiting_deposit', 'confirmed', 'cancelled', 'expired', 'completed', 'no_show')"


def _number(name: str, default: str = "0") -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default=default, nullable=False)


def upgrade() -> None:
    op.execute(LIMITS)
    op.add_column("booking_services", _number("deposit_minor"), schema="app")
    op.create_check_constraint(
        op.f("ck_booking_services_deposit_minor"),
        "booking_services",
        "deposit_minor >= 0 and deposit_minor <= price_minor",
        schema="app",
    )
    op.add_column("booking_rules", _number("deposit_minutes", "120"), schema="app")
    op.create_check_constraint(
        op.f("ck_booking_rules_deposit_minutes"),
        "booking_rules",
        "deposit_minutes between 10 and 10080",
        schema="app",
    )
    for name in ("price_minor", "deposit_minor"):
        op.add_column("bookings", _number(name), schema="app")
    op.drop_constraint(op.f("ck_bookings_state"), "bookings", schema="app")
    op.create_check_constraint(op.f("ck_bookings_state"), "bookings", STATES, schema="app")
    op.drop_constraint("ex_bookings_period", "bookings", schema="app")
    op.create_exclude_constraint(
        "ex_bookings_period",
        "bookings",
        (sa.column("merchant_id"), "="),
        (sa.column("resource_id"), "="),
        (sa.column("unit"), "="),
        (sa.column("occupied"), "&&"),
        where=sa.text("state in ('held', 'awaiting_deposit', 'confirmed')"),
        using="gist",
        schema="app",
    )
    op.add_column("orders", sa.Column("booking_id", sa.Uuid(), nullable=True), schema="app")
    op.create_unique_constraint(
        op.f("uq_orders_merchant_id_booking_id"), "orders", ["merchant_id", "booking_id"], schema="app"
    )
    op.create_foreign_key(
        op.f("fk_orders_merchant_id_booking_id"),
        "orders",
        "bookings",
        ["merchant_id", "booking_id"],
        ["merchant_id", "id"],
        source_schema="app",
        referent_schema="app",
    )
