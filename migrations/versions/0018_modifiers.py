"""Modifier groups with their options, what can be left out of an item, a tax of its own; all of it kept with a line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import protect, tenant

revision = "0018"
down_revision = "0022"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
TEXTS = postgresql.ARRAY(sa.Text())


def upgrade() -> None:
    op.execute(LIMITS)
    op.add_column("catalogue_items", sa.Column("removals", TEXTS, server_default="{}", nullable=False), schema="app")
    op.add_column("catalogue_items", sa.Column("tax_basis_points", sa.Integer(), nullable=True), schema="app")
    op.add_column("catalogue_items", sa.Column("tax_inclusive", sa.Boolean(), nullable=True), schema="app")
    op.create_check_constraint(
        op.f("ck_catalogue_items_tax_basis_points"),
        "catalogue_items",
        "tax_basis_points between 0 and 10000",
        schema="app",
    )
    op.create_check_constraint(
        op.f("ck_catalogue_items_tax"),
        "catalogue_items",
        "(tax_basis_points is null) = (tax_inclusive is null)",
        schema="app",
    )
    _groups()
    _options()
    _items_of_groups()
    # What a line was priced by. Lines from before have neither options nor a tax of their own: their order's holds.
    for column in (
        sa.Column("options", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("removed", TEXTS, server_default="{}", nullable=False),
        sa.Column("tax_basis_points", sa.Integer(), nullable=True),
        sa.Column("tax_inclusive", sa.Boolean(), nullable=True),
    ):
        op.add_column("order_lines", column, schema="app")
    for table in ("modifier_groups", "modifier_options", "item_modifier_groups"):
        rights = tenant("select", "insert", "update", "delete")
        protect(table, {"cw_web": rights, "cw_worker": rights})


def _groups() -> None:
    op.create_table(
        "modifier_groups",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("min_choices", sa.Integer(), nullable=False),
        sa.Column("max_choices", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("min_choices between 0 and 20", name=op.f("ck_modifier_groups_min_choices")),
        sa.CheckConstraint("max_choices between 1 and 20", name=op.f("ck_modifier_groups_max_choices")),
        sa.CheckConstraint("min_choices <= max_choices", name=op.f("ck_modifier_groups_choices")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_modifier_groups_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_modifier_groups")),
        schema="app",
    )
    op.create_index("ix_modifier_groups_name", "modifier_groups", ["merchant_id", "name", "id"], schema="app")


def _options() -> None:
    op.create_table(
        "modifier_options",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", TEXTS, server_default="{}", nullable=False),
        sa.Column("price_delta_minor", sa.Integer(), nullable=False),
        sa.Column("available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "group_id"],
            ["app.modifier_groups.merchant_id", "app.modifier_groups.id"],
            name=op.f("fk_modifier_options_merchant_id_group_id"),
            ondelete="cascade",
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_modifier_options_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_modifier_options")),
        schema="app",
    )
    op.create_index(
        "ix_modifier_options_group", "modifier_options", ["merchant_id", "group_id", "position"], schema="app"
    )


def _items_of_groups() -> None:
    op.create_table(
        "item_modifier_groups",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "item_id"],
            ["app.catalogue_items.merchant_id", "app.catalogue_items.id"],
            name=op.f("fk_item_modifier_groups_merchant_id_item_id"),
            ondelete="cascade",
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "group_id"],
            ["app.modifier_groups.merchant_id", "app.modifier_groups.id"],
            name=op.f("fk_item_modifier_groups_merchant_id_group_id"),
            ondelete="cascade",
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id"], ["app.merchants.id"], name=op.f("fk_item_modifier_groups_merchant_id")
        ),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_item_modifier_groups")),
        sa.UniqueConstraint(
            "merchant_id", "item_id", "group_id", name=op.f("uq_item_modifier_groups_merchant_id_item_id_group_id")
        ),
        schema="app",
    )
    op.create_index("ix_item_modifier_groups_group", "item_modifier_groups", ["merchant_id", "group_id"], schema="app")
