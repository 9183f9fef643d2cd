"""Each payment asks which other pages its order has."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_index("ix_checkouts_order", "checkouts", ["merchant_id", "order_id"], schema="app")
