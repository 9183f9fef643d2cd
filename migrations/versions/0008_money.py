"""Refunds; and what the API lets a merchant's team do with its webhook sources and events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0008"
down_revision = "0007"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
WRITE = ("select", "insert", "update")

# Payments that were there before entered as what they are: nothing could be given back until now. The owner of the
# table sees no rows of it but while row security is not forced; nobody else comes in before this has committed.
ENTERED_AS = """
alter table app.payments add column entered_as text;
alter table app.payments no force row level security;
update app.payments set entered_as = state;
alter table app.payments force row level security;
alter table app.payments alter column entered_as set not null;
alter table app.payments add constraint ck_payments_entered_as
    check (entered_as in ('settled', 'parked', 'surplus'));
"""

# Many merchants may share one source, which none of them may see: of it, they learn what it says about their events.
SOURCE_OF_EVENT = """
create function auth.source_of_event(sought uuid) returns table (mode text, account text)
as $$ select s.mode, s.account from app.webhook_events e join app.webhook_sources s on s.id = e.source_id
      where e.id = sought and e.merchant_id = auth.merchant_id() $$
language sql stable security definer set search_path = pg_catalog, pg_temp;
revoke all on function auth.source_of_event(uuid) from public;
grant execute on function auth.source_of_event(uuid) to cw_web;
"""


def upgrade() -> None:
    op.execute(LIMITS)
    op.execute(ENTERED_AS)
    op.create_table(
        "refunds",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state in ('pending', 'succeeded', 'failed')", name=op.f("ck_refunds_state")),
        sa.CheckConstraint("origin in ('api', 'provider')", name=op.f("ck_refunds_origin")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "payment_id"],
            ["app.payments.merchant_id", "app.payments.id"],
            name=op.f("fk_refunds_merchant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_refunds_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_refunds")),
        sa.UniqueConstraint(
            "merchant_id", "provider", "provider_id", name=op.f("uq_refunds_merchant_id_provider_provider_id")
        ),
        schema="app",
    )
    op.create_index("ix_refunds_payment", "refunds", ["merchant_id", "payment_id", "id"], schema="app")
    protect("refunds", {"cw_web": tenant(*WRITE), "cw_worker": tenant(*WRITE)})

    # The web reads these two already.
    protect("webhook_sources", {"cw_web": tenant("insert", update=("secrets_sealed", "webhook_id", "paused_at"))})
    replayed = ("status", "attempts", "next_at", "raw", "error_class", "error", "done_at")
    protect("webhook_events", {"cw_web": tenant(update=replayed)})
    op.execute("grant select (id, merchant_id, source_id) on app.webhook_events to cw_resolver")
    op.execute("grant create on schema auth to cw_resolver")
    op.execute(SOURCE_OF_EVENT)
    op.execute("alter function auth.source_of_event(uuid) owner to cw_resolver")
    op.execute("revoke create on schema auth from cw_resolver")
    # A merchant's events are read by id, which rises with time and leaves no two equal; dead ones are few among many.
    op.drop_index("ix_webhook_events_merchant", "webhook_events", schema="app")
    op.create_index("ix_webhook_events_merchant", "webhook_events", ["merchant_id", "id"], schema="app")
    op.create_index(
        "ix_webhook_events_dead",
        "webhook_events",
        ["merchant_id", "id"],
        schema="app",
        postgresql_where=sa.text("status = 'dead'"),
    )
