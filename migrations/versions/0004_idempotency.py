"""The answers that were given under an Idempotency-Key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import everywhere, protect, tenant

revision = "0004"
down_revision = "0003"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "idempotency_keys",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("answer_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_idempotency_keys_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("merchant_id", "key_hash", name=op.f("uq_idempotency_keys_merchant_id_key_hash")),
        schema="app",
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], schema="app")
    protect(
        "idempotency_keys",
        {
            "cw_web": tenant("select", "insert", update=("status", "etag", "answer_sealed")),
            # The service forgets old keys; it reads no answers.
            "cw_service": everywhere("delete", select=("merchant_id", "id", "created_at")),
        },
    )
