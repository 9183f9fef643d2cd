"""A service may have a tax rate of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.add_column("booking_services", sa.Column("tax_rate_id", sa.Uuid(), nullable=True), schema="app")
    op.create_foreign_key(
        op.f("fk_booking_services_merchant_id_tax_rate_id"),
        "booking_services",
        "tax_rates",
        ["merchant_id", "tax_rate_id"],
        ["merchant_id", "id"],
        source_schema="app",
        referent_schema="app",
    )
