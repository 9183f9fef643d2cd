"""Whoever has an account opens a business: the web makes a merchant and its first key, each in its own scope."""

from __future__ import annotations

from alembic import op

from migrations.rls import protect, tenant

revision = "0030"
down_revision = "0032"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    protect("merchants", {"cw_web": tenant("insert", predicate="id = (select auth.merchant_id())")})
    protect("merchant_keys", {"cw_web": tenant("insert")})


def downgrade() -> None:
    op.execute(LIMITS)
    for table in ("merchants", "merchant_keys"):
        op.execute(f"drop policy web_insert on app.{table}")
        op.execute(f"revoke insert on app.{table} from cw_web")
