"""The ledger of each merchant's money; disputes; an order's revision, which rises with its state too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0013"
down_revision = "0015"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
ACCOUNTS = "('stripe', 'paypal', 'orders', 'parked', 'surplus', 'disputes')"

# What was taken and given back before there was a ledger. The owner of a table sees no rows of it but while row
# security is not forced; nobody else comes in before this has committed.
HISTORY = """
alter table app.payments no force row level security;
alter table app.refunds no force row level security;
insert into app.ledger_transfers (merchant_id, id, entry_key, kind, subject_id, debit, credit, amount_minor, currency,
    recorded_at)
select merchant_id, gen_random_uuid(), 'payment:' || id, 'payment', id, provider,
    case entered_as when 'settled' then 'orders' else entered_as end, amount_minor, currency, settled_at
from app.payments where amount_minor > 0;
insert into app.ledger_transfers (merchant_id, id, entry_key, kind, subject_id, debit, credit, amount_minor, currency,
    recorded_at)
select r.merchant_id, gen_random_uuid(), 'refund_made:' || r.id, 'refund', r.id,
    case p.entered_as when 'settled' then 'orders' else p.entered_as end, r.provider, r.amount_minor,
    r.currency, coalesce(r.ended_at, r.created_at)
from app.refunds r join app.payments p on p.merchant_id = r.merchant_id and p.id = r.payment_id
where r.state = 'succeeded';
alter table app.payments force row level security;
alter table app.refunds force row level security;
"""

APPEND_ONLY = """
create function app.refuse_ledger_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on app.ledger_transfers
    for each statement execute function app.refuse_ledger_change();
"""


def upgrade() -> None:
    op.execute(LIMITS)
    op.add_column("orders", sa.Column("revision", sa.Integer(), server_default="1", nullable=False), schema="app")
    op.create_table(
        "ledger_transfers",
        sa.Column("entry_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("debit", sa.Text(), nullable=False),
        sa.Column("credit", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind in ('payment', 'refund', 'dispute')", name=op.f("ck_ledger_transfers_kind")),
        sa.CheckConstraint(f"debit in {ACCOUNTS}", name=op.f("ck_ledger_transfers_debit")),
        sa.CheckConstraint(f"credit in {ACCOUNTS}", name=op.f("ck_ledger_transfers_credit")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_transfers_two_accounts")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_ledger_transfers_amount_minor")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_ledger_transfers_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_ledger_transfers")),
        sa.UniqueConstraint("merchant_id", "entry_key", name=op.f("uq_ledger_transfers_merchant_id_entry_key")),
        schema="app",
    )
    op.create_table(
        "disputes",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("state in ('inquiry', 'open', 'won', 'lost')", name=op.f("ck_disputes_state")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "payment_id"],
            ["app.payments.merchant_id", "app.payments.id"],
            name=op.f("fk_disputes_merchant_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_disputes_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_disputes")),
        sa.UniqueConstraint(
            "merchant_id", "provider", "provider_id", name=op.f("uq_disputes_merchant_id_provider_provider_id")
        ),
        schema="app",
    )
    op.create_index("ix_disputes_payment", "disputes", ["merchant_id", "payment_id"], schema="app")
    written = tenant("select", "insert", "update")
    protect("disputes", {"cw_web": tenant("select"), "cw_worker": written})
    op.execute(HISTORY)
    op.execute(APPEND_ONLY)
    rights = tenant("select", "insert")
    protect("ledger_transfers", {"cw_web": rights, "cw_worker": rights})
