"""What a merchant tells callers, messages that callers leave, and what a caller says to a recording."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect, tenant

revision = "0015"
down_revision = "0011"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
WRITE = ("select", "insert", "update")


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "reception",
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("business_line_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("transfer_to_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("transfer_when", sa.Text(), server_default="never", nullable=False),
        sa.Column("voicemail", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("record_calls", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("language_model", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("transfer_when in ('never', 'open', 'always')", name=op.f("ck_reception_transfer_when")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_reception_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_reception")),
        sa.UniqueConstraint("merchant_id", name=op.f("uq_reception_merchant_id")),
        schema="app",
    )
    protect("reception", {"cw_web": tenant(*WRITE), "cw_worker": tenant(*WRITE)})
    op.create_table(
        "standing_answers",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("asked", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_standing_answers_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_standing_answers")),
        schema="app",
    )
    op.create_index("ix_standing_answers_topic", "standing_answers", ["merchant_id", "topic", "id"], schema="app")
    protect("standing_answers", {"cw_web": tenant(*WRITE, "delete"), "cw_worker": tenant(*WRITE)})
    op.add_column("calls", sa.Column("recording_answer", sa.Text(), nullable=True), schema="app")
    op.add_column("calls", sa.Column("recording_wording", sa.Integer(), nullable=True), schema="app")
    op.add_column("calls", sa.Column("recording_answered_at", sa.DateTime(timezone=True), nullable=True), schema="app")
    op.add_column(
        "calls",
        sa.Column("transfer_accepted", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="app",
    )
    op.create_check_constraint(
        op.f("ck_calls_recording_answer"), "calls", "recording_answer in ('granted', 'refused')", schema="app"
    )
    op.create_table(
        "left_messages",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("recording_sid", sa.Text(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state in ('draft', 'left', 'done')", name=op.f("ck_left_messages_state")),
        sa.CheckConstraint("body_sealed is null or recording_sid is null", name=op.f("ck_left_messages_content")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "call_id"],
            ["app.calls.merchant_id", "app.calls.id"],
            name=op.f("fk_left_messages_merchant_id_call_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_left_messages_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_left_messages_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_left_messages")),
        sa.UniqueConstraint("merchant_id", "recording_sid", name=op.f("uq_left_messages_merchant_id_recording_sid")),
        schema="app",
    )
    op.create_index("ix_left_messages_state", "left_messages", ["merchant_id", "state", "id"], schema="app")
    protect("left_messages", {"cw_web": tenant(*WRITE), "cw_worker": tenant(*WRITE)})
