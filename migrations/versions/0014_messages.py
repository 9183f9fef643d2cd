"""Texts: segments, waiting for the end of quiet hours, threads, the business's own wording; more in the ledger."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0014"
down_revision = "0013"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
WRITE = ("select", "insert", "update")
ORIGINS = "origin in ('sms', 'voice', 'provider', 'operator', 'web')"

# Columns with a default that is no expression: no row is rewritten.
MESSAGES = """
alter table app.messages
    add column subject_id uuid,
    add column encoding text not null default 'gsm7',
    add column segments integer not null default 0,
    add column media integer not null default 0,
    add column template_version integer not null default 0,
    add column send_after timestamptz,
    add column reason text not null default '',
    add constraint ck_messages_encoding check (encoding in ('gsm7', 'ucs2'))
"""
CONSENTS = f"""
alter table app.consents
    add column wording text not null default '',
    add column source text not null default '',
    drop constraint ck_consents_origin,
    add constraint ck_consents_origin check ({ORIGINS})
"""


def upgrade() -> None:
    op.execute(LIMITS)
    op.execute(MESSAGES)
    op.execute(CONSENTS)
    op.create_index(
        "ix_messages_subject",
        "messages",
        ["merchant_id", "subject_id", "id"],
        schema="app",
        postgresql_where=sa.text("subject_id is not null"),
    )
    op.create_table(
        "message_threads",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("handled_by", sa.Text(), server_default="assistant", nullable=False),
        sa.Column("person_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_up_to", sa.Uuid(), nullable=True),
        sa.Column("unreachable_code", sa.Text(), nullable=True),
        sa.Column("unreachable_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("handled_by in ('assistant', 'person')", name=op.f("ck_message_threads_handled_by")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_message_threads_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_message_threads_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_message_threads")),
        sa.UniqueConstraint("merchant_id", "caller_id", name=op.f("uq_message_threads_merchant_id_caller_id")),
        schema="app",
    )
    op.create_table(
        "message_settings",
        sa.Column("keywords_confirmed_by", sa.Text(), server_default="callwaiting", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "keywords_confirmed_by in ('callwaiting', 'twilio')",
            name=op.f("ck_message_settings_keywords_confirmed_by"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_message_settings_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_message_settings")),
        sa.UniqueConstraint("merchant_id", name=op.f("uq_message_settings_merchant_id")),
        schema="app",
    )
    op.create_table(
        "message_templates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_message_templates_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint(
            "merchant_id", "name", "version", name=op.f("uq_message_templates_merchant_id_name_version")
        ),
        schema="app",
    )
    for table in ("message_threads", "message_settings"):
        protect(table, {"cw_web": tenant(*WRITE), "cw_worker": tenant(*WRITE)})
    protect("message_templates", {"cw_web": tenant("select", "insert"), "cw_worker": tenant("select")})
