"""Named tax rates of a merchant; items point at one, and order lines keep its name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect, tenant

revision = "0038"
down_revision = "0030"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"

# One rate for each that a merchant's items or the merchant itself had. The owner of a table sees no rows of it but
# while row security is not forced; nobody else comes in before this has committed.
OPEN = ("merchants", "catalogue_items", "orders", "order_lines")
FROM_PLAIN_RATES = """
insert into app.tax_rates (merchant_id, id, name, basis_points, inclusive, is_default)
select merchant_id, gen_random_uuid(),
    trim_scale(basis_points / 100.0) || ' %'
        || case when inclusive and count(*) over (partition by merchant_id, basis_points) > 1
           then ' included' else '' end,
    basis_points, inclusive, bool_or(is_default)
from (
    select id as merchant_id, tax_basis_points as basis_points, tax_inclusive as inclusive, true as is_default
    from app.merchants where tax_basis_points > 0
    union all
    select merchant_id, tax_basis_points, tax_inclusive, false
    from app.catalogue_items where tax_basis_points is not null
) as plain
group by merchant_id, basis_points, inclusive;
update app.catalogue_items as item set tax_rate_id = rate.id
from app.tax_rates as rate
where rate.merchant_id = item.merchant_id and rate.basis_points = item.tax_basis_points
    and rate.inclusive = item.tax_inclusive;
update app.order_lines as line
set tax_basis_points = placed.tax_basis_points, tax_inclusive = placed.tax_inclusive
from app.orders as placed
where placed.merchant_id = line.merchant_id and placed.id = line.order_id and line.tax_basis_points is null;
"""


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "tax_rates",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("basis_points", sa.Integer(), nullable=False),
        sa.Column("inclusive", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("archived", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("basis_points between 0 and 10000", name=op.f("ck_tax_rates_basis_points")),
        sa.CheckConstraint("not (is_default and archived)", name=op.f("ck_tax_rates_default")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_tax_rates_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_tax_rates")),
        sa.UniqueConstraint("merchant_id", "name", name=op.f("uq_tax_rates_merchant_id_name")),
        schema="app",
    )
    op.create_index(
        "uq_tax_rates_default",
        "tax_rates",
        ["merchant_id"],
        unique=True,
        schema="app",
        postgresql_where=sa.text("is_default"),
    )
    op.add_column("catalogue_items", sa.Column("tax_rate_id", sa.Uuid(), nullable=True), schema="app")
    op.add_column("order_lines", sa.Column("tax_name", sa.Text(), server_default="", nullable=False), schema="app")
    for table in OPEN:
        op.execute(f"alter table app.{table} no force row level security")
    op.execute(FROM_PLAIN_RATES)
    for table in OPEN:
        op.execute(f"alter table app.{table} force row level security")
    op.create_foreign_key(
        op.f("fk_catalogue_items_merchant_id_tax_rate_id"),
        "catalogue_items",
        "tax_rates",
        ["merchant_id", "tax_rate_id"],
        ["merchant_id", "id"],
        source_schema="app",
        referent_schema="app",
    )
    for name in ("tax_basis_points", "tax_inclusive"):
        op.alter_column("order_lines", name, nullable=False, schema="app")
        for table in ("merchants", "catalogue_items", "orders"):
            op.drop_column(table, name, schema="app")
    protect(
        "tax_rates",
        {"cw_web": tenant("select", "insert", "update"), "cw_worker": tenant("select", "insert")},
    )
