"""When a booking begins, as a column of its own: row security lets no index serve a condition on `lower(period)`."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0006"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.execute(
        "alter table app.bookings add column starts_at timestamptz not null generated always as (lower(period)) stored"
    )
    op.drop_index("ix_bookings_start", "bookings", schema="app")
    op.create_index("ix_bookings_start", "bookings", ["merchant_id", "starts_at", "id"], schema="app")
