"""The daily summary: when it is told, who wants it, what was told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import everywhere, protect, tenant

revision = "0025"
down_revision = "0018"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def _own(table: str, *more: sa.Column[object] | sa.Constraint) -> None:
    op.create_table(
        table,
        *more,
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f(f"fk_{table}_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f(f"pk_{table}")),
        schema="app",
    )


def upgrade() -> None:
    op.execute(LIMITS)
    _own(
        "summary_settings",
        sa.Column("enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("hour", sa.Integer(), server_default="7", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("hour between 0 and 23", name=op.f("ck_summary_settings_hour")),
        sa.UniqueConstraint("merchant_id", name=op.f("uq_summary_settings_merchant_id")),
    )
    protect(
        "summary_settings",
        {
            "cw_web": tenant("select", "insert", "update"),
            "cw_worker": tenant("select"),
            "cw_service": everywhere(select=("merchant_id", "enabled", "hour")),
        },
    )
    _own(
        "summary_choices",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("mail", sa.Boolean(), nullable=False),
        sa.Column("when_empty", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app.users.id"], name=op.f("fk_summary_choices_user_id")),
        sa.UniqueConstraint("merchant_id", "user_id", name=op.f("uq_summary_choices_merchant_id_user_id")),
    )
    protect("summary_choices", {"cw_web": tenant("select", "insert", "update"), "cw_worker": tenant("select")})
    _own(
        "daily_summaries",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("outcome in ('mailed', 'empty', 'nobody')", name=op.f("ck_daily_summaries_outcome")),
        sa.UniqueConstraint("merchant_id", "day", name=op.f("uq_daily_summaries_merchant_id_day")),
    )
    protect(
        "daily_summaries",
        {
            "cw_web": tenant("select"),
            "cw_worker": tenant("select", "insert", "update"),
            "cw_service": everywhere(select=("merchant_id", "day")),
        },
    )
