"""What the API lets a merchant's team change: profile, weekly hours, items, numbers, alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0005"
down_revision = "0004"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
PROFILE = ("name", "timezone", "region", "tax_basis_points", "tax_inclusive", "version")


def upgrade() -> None:
    op.execute(LIMITS)
    for table in ("merchants", "catalogue_items", "phone_numbers"):
        op.add_column(table, sa.Column("version", sa.Integer(), server_default="1", nullable=False), schema="app")
    op.create_table(
        "opening_hours",
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("weekday between 1 and 7", name=op.f("ck_opening_hours_weekday")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_opening_hours_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_opening_hours")),
        sa.UniqueConstraint("merchant_id", "weekday", "opens", name=op.f("uq_opening_hours_merchant_id_weekday_opens")),
        schema="app",
    )
    protect("opening_hours", {"cw_web": tenant("select", "insert", "delete"), "cw_worker": tenant("select")})
    # The web reads these two already.
    protect("merchants", {"cw_web": tenant(update=PROFILE, predicate="id = (select auth.merchant_id())")})
    protect("catalogue_items", {"cw_web": tenant("delete")})
    op.create_index("ix_catalogue_items_name", "catalogue_items", ["merchant_id", "name", "id"], schema="app")
    op.create_index("ix_alerts_merchant_id_id", "alerts", ["merchant_id", "id"], schema="app")
    # Threads are read by id, which rises with time and leaves no two equal.
    op.drop_index("ix_messages_thread", "messages", schema="app")
    op.create_index("ix_messages_thread", "messages", ["merchant_id", "caller_id", "id"], schema="app")
