"""How many people a booking is for, a dialogue by text, and messages that callers leave by text."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect, tenant

revision = "0027"
down_revision = "0020"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
WRITE = ("select", "insert", "update")


def upgrade() -> None:
    op.execute(LIMITS)
    op.add_column("booking_resources", sa.Column("seats", sa.Integer(), nullable=True), schema="app")
    op.create_check_constraint(
        op.f("ck_booking_resources_seats"), "booking_resources", "seats between 1 and 500", schema="app"
    )
    op.add_column("bookings", sa.Column("party_size", sa.Integer(), nullable=True), schema="app")
    op.create_check_constraint(op.f("ck_bookings_party_size"), "bookings", "party_size between 1 and 500", schema="app")
    op.add_column(
        "message_settings",
        sa.Column("assistant_answers", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        schema="app",
    )
    op.alter_column("left_messages", "call_id", nullable=True, schema="app")
    op.create_table(
        "text_dialogues",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("state", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("answered_at", postgresql.ARRAY(sa.DateTime(timezone=True)), server_default="{}", nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_text_dialogues_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_text_dialogues_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_text_dialogues")),
        sa.UniqueConstraint("merchant_id", "caller_id", name=op.f("uq_text_dialogues_merchant_id_caller_id")),
        schema="app",
    )
    protect("text_dialogues", {"cw_web": tenant(*WRITE), "cw_worker": tenant(*WRITE)})
