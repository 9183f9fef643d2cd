"""The addresses of receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import everywhere, protect, tenant

revision = "0020"
down_revision = "0016"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
# It takes a hash that only the holder of a token can make, and returns one row at most.
LOOK_UP = """
create function auth.receipt(sought bytea) returns table (merchant_id uuid, order_id uuid)
    language sql stable security definer set search_path = pg_catalog, pg_temp
    as $$ select r.merchant_id, r.order_id from app.receipts r where r.token_hash = sought $$;
revoke all on function auth.receipt(bytea) from public;
grant execute on function auth.receipt(bytea) to cw_web;
alter function auth.receipt(bytea) owner to cw_resolver;
"""


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "receipts",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["app.orders.merchant_id", "app.orders.id"],
            name=op.f("fk_receipts_merchant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_receipts_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("merchant_id", "order_id", name=op.f("uq_receipts_merchant_id_order_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_receipts_token_hash")),
        schema="app",
    )
    rights = tenant("select", "insert")
    found = everywhere(select=("merchant_id", "order_id", "token_hash"))
    protect("receipts", {"cw_web": rights, "cw_worker": rights, "cw_resolver": found})
    op.execute("grant create on schema auth to cw_resolver")
    op.execute(LOOK_UP)
    op.execute("revoke create on schema auth from cw_resolver")
