"""Discount codes that are good for orders of a certain amount or more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0038"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    least = sa.Column("least_minor", sa.Integer(), server_default="0", nullable=False)
    op.add_column("discount_codes", least, schema="app")
    op.create_check_constraint(
        op.f("ck_discount_codes_least_minor"), "discount_codes", "least_minor >= 0", schema="app"
    )
