"""Bookings in full: services, hours, special days, rules, links."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import SchemaItem

from migrations.rls import everywhere, protect, tenant

revision = "0012"
down_revision = "0017"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
NOW, ZERO = sa.text("now()"), "0"
MADE = "state in ('confirmed', 'completed', 'no_show')"
STATES = "state in ('held', 'confirmed', 'cancelled', 'expired', 'completed', 'no_show')"

# It takes a hash that only the holder of a token can make, and returns one row at most.
LOOKUPS = {
    "auth.booking_link(sought bytea)": """
        returns table (merchant_id uuid, booking_id uuid)
        as $$ select l.merchant_id, l.booking_id from app.booking_links l where l.token_hash = sought $$""",
}
RESOLVED = {
    "booking_links": ("merchant_id", "booking_id", "token_hash"),
}


def _instant(name: str, *, nullable: bool = False, default: sa.TextClause | None = None) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=default)


def _integer(name: str, default: str | None = None, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=nullable, server_default=default)


def _table(name: str, *parts: SchemaItem, **parents: str) -> None:
    """A table of a merchant's rows; `parents` are foreign keys by their column."""
    op.create_table(
        name,
        *parts,
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                ["merchant_id", column],
                [f"app.{parent}.merchant_id", f"app.{parent}.id"],
                name=op.f(f"fk_{name}_merchant_id_{column}"),
            )
            for column, parent in parents.items()
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f(f"fk_{name}_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f(f"pk_{name}")),
        schema="app",
    )


def _index(name: str, table: str, columns: list[str], where: str | None = None) -> None:
    op.create_index(name, table, columns, schema="app", postgresql_where=sa.text(where) if where else None)


def _hours() -> None:
    _table(
        "booking_hours",
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        _integer("weekday"),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.CheckConstraint("weekday between 1 and 7", name=op.f("ck_booking_hours_weekday")),
        sa.UniqueConstraint(
            "merchant_id", "resource_id", "weekday", "opens",
            name=op.f("uq_booking_hours_merchant_id_resource_id_weekday_opens"),
        ),
        resource_id="booking_resources",
    )  # fmt: skip
    _table(
        "booking_special_days",
        sa.Column("resource_id", sa.Uuid(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("periods", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.UniqueConstraint(
            "merchant_id", "day", "resource_id", name=op.f("uq_booking_special_days_merchant_id_day_resource_id"),
            postgresql_nulls_not_distinct=True,
        ),
        resource_id="booking_resources",
    )  # fmt: skip
    _index("ix_booking_special_days_day", "booking_special_days", ["merchant_id", "day", "id"])
    _table(
        "booking_rules",
        sa.Column("holiday_country", sa.Text(), nullable=True),
        sa.Column("holiday_region", sa.Text(), nullable=True),
        sa.Column("open_holidays", postgresql.JSONB(), server_default="[]", nullable=False),
        _integer("notice_minutes", "120"),
        _integer("reminder_minutes", "1440"),
        _integer("version", "1"),
        sa.CheckConstraint("notice_minutes between 0 and 20160", name=op.f("ck_booking_rules_notice_minutes")),
        sa.CheckConstraint("reminder_minutes between 0 and 20160", name=op.f("ck_booking_rules_reminder_minutes")),
        sa.UniqueConstraint("merchant_id", name=op.f("uq_booking_rules_merchant_id")),
    )


def _services() -> None:
    _table(
        "booking_services",
        sa.Column("name", sa.Text(), nullable=False),
        _integer("minutes"),
        _integer("step_minutes"),
        _integer("buffer_before", ZERO),
        _integer("buffer_after", ZERO),
        _integer("price_minor", ZERO),
        _integer("capacity", nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _integer("version", "1"),
        *(
            sa.CheckConstraint(condition, name=op.f(f"ck_booking_services_{name}"))
            for name, condition in {
                "minutes": "minutes between 5 and 480",
                "step_minutes": "step_minutes between 5 and 480",
                "buffer_before": "buffer_before between 0 and 120",
                "buffer_after": "buffer_after between 0 and 120",
                "capacity": "capacity between 1 and 100",
                "price_minor": "price_minor between 0 and 99999999",
            }.items()
        ),
    )
    _index("ix_booking_services_name", "booking_services", ["merchant_id", "name", "id"])
    _table(
        "booking_service_resources",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.UniqueConstraint(
            "merchant_id", "service_id", "resource_id",
            name=op.f("uq_booking_service_resources_merchant_id_service_id_resource_id"),
        ),
        service_id="booking_services",
        resource_id="booking_resources",
    )  # fmt: skip


def _bookings() -> None:
    for column in (
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("occupied", postgresql.TSTZRANGE(), nullable=True),
        _instant("remind_at", nullable=True),
        _instant("acknowledged_at", nullable=True),
        _instant("changed_at", default=NOW),
    ):
        op.add_column("bookings", column, schema="app")
    op.execute("alter table app.bookings no force row level security")
    op.execute("update app.bookings set occupied = period")
    op.execute("alter table app.bookings force row level security")
    op.alter_column("bookings", "occupied", nullable=False, schema="app")
    op.create_check_constraint(op.f("ck_bookings_occupied"), "bookings", "period <@ occupied", schema="app")
    op.create_foreign_key(
        op.f("fk_bookings_merchant_id_service_id"), "bookings", "booking_services", ["merchant_id", "service_id"],
        ["merchant_id", "id"], source_schema="app", referent_schema="app",
    )  # fmt: skip
    op.drop_constraint("ex_bookings_period", "bookings", schema="app")
    op.create_exclude_constraint(
        "ex_bookings_period", "bookings",
        (sa.column("merchant_id"), "="), (sa.column("resource_id"), "="), (sa.column("unit"), "="),
        (sa.column("occupied"), "&&"),
        where=sa.text("state in ('held', 'confirmed')"), using="gist", schema="app",
    )  # fmt: skip
    op.drop_constraint(op.f("ck_bookings_state"), "bookings", schema="app")
    op.create_check_constraint(op.f("ck_bookings_state"), "bookings", STATES, schema="app")
    op.drop_index("ix_bookings_confirmed", "bookings", schema="app")
    _index("ix_bookings_confirmed", "bookings", ["merchant_id", "confirmed_at"], MADE)
    _index("ix_bookings_caller", "bookings", ["merchant_id", "caller_id", "starts_at"])
    _index("ix_bookings_remind", "bookings", ["remind_at"], "remind_at is not null")
    op.execute("grant select (remind_at) on app.bookings to cw_service")


def _addresses() -> None:
    _table(
        "booking_links",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        _instant("created_at", default=NOW),
        sa.UniqueConstraint("merchant_id", "booking_id", name=op.f("uq_booking_links_merchant_id_booking_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_booking_links_token_hash")),
        booking_id="bookings",
    )


def _access() -> None:
    write, replace = ("select", "insert", "update"), ("select", "insert", "delete")
    rights = {
        "booking_hours": replace,
        "booking_special_days": replace,
        "booking_rules": write,
        "booking_services": write,
        "booking_service_resources": replace,
        "booking_links": ("select", "insert"),
    }
    for table, commands in rights.items():
        access = {"cw_web": tenant(*commands), "cw_worker": tenant(*commands)}
        if table in RESOLVED:
            access["cw_resolver"] = everywhere(select=RESOLVED[table])
        protect(table, access)
    op.execute("grant create on schema auth to cw_resolver")
    for signature, body in LOOKUPS.items():
        name = signature.replace("sought ", "")
        op.execute(
            f"create function {signature} {body} language sql stable security definer"
            " set search_path = pg_catalog, pg_temp"
        )
        op.execute(f"revoke all on function {name} from public")
        op.execute(f"grant execute on function {name} to cw_web")
        op.execute(f"alter function {name} owner to cw_resolver")
    op.execute("revoke create on schema auth from cw_resolver")


def upgrade() -> None:
    op.execute(LIMITS)
    _hours()
    _services()
    _bookings()
    _addresses()
    _access()
