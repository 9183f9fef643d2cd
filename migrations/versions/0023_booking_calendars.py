"""Feeds of bookings, calendars elsewhere and what they have as busy, an e-mail address with a booking."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.schema import SchemaItem

from migrations.rls import everywhere, protect, tenant

revision = "0023"
down_revision = "0025"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
NOW = sa.text("now()")
# It takes a hash that only the holder of a token can make, and returns one row at most.
FEED = """
create function auth.booking_feed(sought bytea) returns table (merchant_id uuid, feed_id uuid)
as $$ select f.merchant_id, f.id from app.booking_feeds f where f.token_hash = sought $$
language sql stable security definer set search_path = pg_catalog, pg_temp
"""


def _instant(name: str, *, nullable: bool = True, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _table(name: str, *parts: SchemaItem, resource: bool) -> None:
    op.create_table(
        name,
        *parts,
        sa.Column("resource_id", sa.Uuid(), nullable=not resource),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "resource_id"],
            ["app.booking_resources.merchant_id", "app.booking_resources.id"],
            name=op.f(f"fk_{name}_merchant_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f(f"fk_{name}_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f(f"pk_{name}")),
        schema="app",
    )


def _feeds() -> None:
    _table(
        "booking_feeds",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("numbers", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _instant("created_at", nullable=False, default=NOW),
        sa.UniqueConstraint("token_hash", name=op.f("uq_booking_feeds_token_hash")),
        resource=False,
    )
    protect(
        "booking_feeds",
        {
            "cw_web": tenant("select", "insert", "update", "delete"),
            "cw_resolver": everywhere(select=("merchant_id", "id", "token_hash")),
        },
    )
    op.execute("grant create on schema auth to cw_resolver")
    op.execute(FEED)
    op.execute("revoke all on function auth.booking_feed(bytea) from public")
    op.execute("grant execute on function auth.booking_feed(bytea) to cw_web")
    op.execute("alter function auth.booking_feed(bytea) owner to cw_resolver")
    op.execute("revoke create on schema auth from cw_resolver")


def _calendars() -> None:
    _table(
        "booking_calendars",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("host", sa.Text(), server_default="", nullable=False),
        sa.Column("when_stale", sa.Text(), server_default="offer", nullable=False),
        sa.Column("etag", sa.Text(), server_default="", nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        _instant("read_at"),
        _instant("spread_at"),
        _instant("next_at"),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("problem", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        _instant("created_at", nullable=False, default=NOW),
        sa.CheckConstraint("when_stale in ('offer', 'hold_back')", name=op.f("ck_booking_calendars_when_stale")),
        resource=True,
    )
    op.create_index(
        "ix_booking_calendars_next", "booking_calendars", ["next_at"], schema="app",
        postgresql_where=sa.text("next_at is not null"),
    )  # fmt: skip
    told = ("etag", "digest", "read_at", "spread_at", "next_at", "failures", "problem")
    protect(
        "booking_calendars",
        {
            "cw_web": tenant("select", "insert", "update", "delete"),
            "cw_worker": tenant("select", update=told),
            "cw_service": everywhere(select=("merchant_id", "id", "next_at")),
        },
    )
    _table(
        "booking_busy",
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        _instant("starts_at", nullable=False),
        _instant("ends_at", nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_booking_busy_period")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "calendar_id"],
            ["app.booking_calendars.merchant_id", "app.booking_calendars.id"],
            name=op.f("fk_booking_busy_merchant_id_calendar_id"),
            ondelete="cascade",
        ),
        resource=True,
    )
    op.create_index("ix_booking_busy_calendar", "booking_busy", ["merchant_id", "calendar_id"], schema="app")
    op.create_index("ix_booking_busy_ends", "booking_busy", ["merchant_id", "ends_at"], schema="app")
    replace = tenant("select", "insert", "delete")
    protect("booking_busy", {"cw_web": replace, "cw_worker": replace})


def upgrade() -> None:
    op.execute(LIMITS)
    _feeds()
    _calendars()
    op.add_column("bookings", sa.Column("email_sealed", sa.LargeBinary(), nullable=True), schema="app")
