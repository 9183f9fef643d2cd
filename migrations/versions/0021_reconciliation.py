"""Findings of comparisons with the providers' books; fees; refunds that are a dispute's money."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0021"
down_revision = "0023"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
NOW = sa.text("now()")
ACCOUNTS = "('stripe', 'paypal', 'orders', 'parked', 'surplus', 'disputes', 'fees')"
KINDS = "('payment', 'refund', 'dispute', 'fee')"
FINDINGS = "('missing_here', 'missing_there', 'amount_differs', 'currency_differs', 'state_differs', 'fee_differs')"
SUBJECTS = "('call', 'message', 'payment', 'refund', 'fee')"


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        *parts,
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f(f"fk_{name}_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f(f"pk_{name}")),
        schema="app",
    )


def _text(name: str, default: str | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def _instant(name: str, *, nullable: bool = False, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _findings() -> None:
    _table(
        "reconcile_findings",
        _text("provider"),
        _text("subject"),
        _text("object_id"),
        _text("kind"),
        _text("payment_id", ""),
        _text("checkout_id", ""),
        _text("ours", ""),
        _text("theirs", ""),
        _text("state", "open"),
        sa.Column("repaired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        _instant("first_seen_at", default=NOW),
        _instant("last_seen_at", default=NOW),
        _instant("resolved_at", nullable=True),
        sa.CheckConstraint(f"kind in {FINDINGS}", name=op.f("ck_reconcile_findings_kind")),
        sa.CheckConstraint(f"subject in {SUBJECTS}", name=op.f("ck_reconcile_findings_subject")),
        sa.CheckConstraint("state in ('open', 'resolved')", name=op.f("ck_reconcile_findings_state")),
    )
    op.create_index(
        "uq_reconcile_findings_open",
        "reconcile_findings",
        ["merchant_id", "provider", "subject", "object_id", "kind"],
        unique=True,
        schema="app",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_reconcile_findings_state", "reconcile_findings", ["merchant_id", "state", "id"], schema="app")
    protect(
        "reconcile_findings",
        {"cw_web": tenant("select"), "cw_worker": tenant("select", "insert", "update")},
    )


def _runs() -> None:
    op.add_column("reconcile_runs", sa.Column("what", sa.Text(), server_default="events", nullable=False), schema="app")
    _table(
        "money_runs",
        _text("provider"),
        _instant("window_start"),
        _instant("window_end"),
        sa.Column("listed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("differing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        _instant("ended_at", default=NOW),
    )
    op.create_index("ix_money_runs_provider", "money_runs", ["merchant_id", "provider", "id"], schema="app")
    protect("money_runs", {"cw_web": tenant("select"), "cw_worker": tenant("select", "insert")})


def _ledger() -> None:
    for name, check in {
        "kind": f"kind in {KINDS}",
        "debit": f"debit in {ACCOUNTS}",
        "credit": f"credit in {ACCOUNTS}",
    }.items():
        constraint = f"ck_ledger_transfers_{name}"
        op.drop_constraint(op.f(constraint), "ledger_transfers", schema="app")
        op.create_check_constraint(op.f(constraint), "ledger_transfers", check, schema="app")
    _table(
        "provider_fees",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        _text("provider"),
        _text("entry_id"),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        _text("currency"),
        _instant("recorded_at", default=NOW),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_provider_fees_amount_minor")),
        sa.UniqueConstraint(
            "merchant_id", "provider", "entry_id", name=op.f("uq_provider_fees_merchant_id_provider_entry_id")
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "payment_id"],
            ["app.payments.merchant_id", "app.payments.id"],
            name=op.f("fk_provider_fees_merchant_id_payment_id"),
        ),
    )
    protect("provider_fees", {"cw_web": tenant("select"), "cw_worker": tenant("select", "insert")})
    op.add_column("refunds", sa.Column("dispute_id", sa.Uuid(), nullable=True), schema="app")
    op.add_column("disputes", sa.Column("refund_id", sa.Uuid(), nullable=True), schema="app")
    op.add_column("disputes", sa.Column("respond_by", sa.DateTime(timezone=True), nullable=True), schema="app")


def upgrade() -> None:
    op.execute(LIMITS)
    _findings()
    _runs()
    _ledger()
