"""The tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# A migration that waits for a lock makes every later query wait behind it: rather fail and try again.
LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "alerts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("count", sa.Integer(), server_default="1", nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("severity in ('info', 'warning', 'high', 'critical')", name=op.f("ck_alerts_severity")),
        sa.CheckConstraint("state in ('open', 'acknowledged', 'resolved')", name=op.f("ck_alerts_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        schema="app",
    )
    op.create_index(
        "uq_alerts_open_fingerprint",
        "alerts",
        ["merchant_id", "fingerprint"],
        unique=True,
        schema="app",
        postgresql_where=sa.text("state <> 'resolved'"),
        postgresql_nulls_not_distinct=True,
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
        schema="app",
    )
    op.create_table(
        "merchants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), server_default="US", nullable=False),
        sa.Column("tax_basis_points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status in ('active', 'suspended')", name=op.f("ck_merchants_status")),
        sa.CheckConstraint("tax_basis_points between 0 and 10000", name=op.f("ck_merchants_tax_basis_points")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merchants")),
        schema="app",
    )
    op.create_table(
        "platform_keys",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kek_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_platform_keys")),
        schema="app",
    )
    op.create_table(
        "webhook_sources",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("webhook_id", sa.Text(), server_default="", nullable=False),
        sa.Column("secrets_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("public_url", sa.Text(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("provider in ('stripe', 'twilio', 'paypal')", name=op.f("ck_webhook_sources_provider")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_sources")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_sources_public_id")),
        schema="app",
    )
    op.create_table(
        "log",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("merchant_prev_hash", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("chained_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_log")),
        schema="audit",
    )
    op.create_index("ix_log_merchant_id_seq", "log", ["merchant_id", "seq"], unique=False, schema="audit")
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        schema="audit",
    )
    op.create_table(
        "booking_resources",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("opens", sa.Time(), nullable=False),
        sa.Column("closes", sa.Time(), nullable=False),
        sa.Column("slot_minutes", sa.Integer(), nullable=False),
        sa.Column("units", sa.Integer(), server_default="1", nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("opens < closes", name=op.f("ck_booking_resources_opens")),
        sa.CheckConstraint("slot_minutes between 5 and 480", name=op.f("ck_booking_resources_slot_minutes")),
        sa.CheckConstraint("units between 1 and 100", name=op.f("ck_booking_resources_units")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_booking_resources_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_booking_resources")),
        schema="app",
    )
    op.create_table(
        "callers",
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_callers_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_callers")),
        sa.UniqueConstraint("merchant_id", "phone_hash", name=op.f("uq_callers_merchant_id_phone_hash")),
        schema="app",
    )
    op.create_table(
        "catalogue_items",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aliases", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("price_minor", sa.Integer(), nullable=False),
        sa.Column("keypad", sa.Integer(), nullable=True),
        sa.Column("available", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("keypad between 1 and 9", name=op.f("ck_catalogue_items_keypad")),
        sa.CheckConstraint("price_minor >= 0", name=op.f("ck_catalogue_items_price_minor")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_catalogue_items_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_catalogue_items")),
        sa.UniqueConstraint("merchant_id", "keypad", name=op.f("uq_catalogue_items_merchant_id_keypad")),
        schema="app",
    )
    op.create_table(
        "merchant_keys",
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kek_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_merchant_keys_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "version", name=op.f("pk_merchant_keys")),
        schema="app",
    )
    op.create_table(
        "outbox",
        sa.Column("effect_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unclear", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state in ('planned', 'running', 'retry', 'unknown', 'done', 'failed', 'dead')",
            name=op.f("ck_outbox_state"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_outbox_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("merchant_id", "effect_key", name=op.f("uq_outbox_merchant_id_effect_key")),
        schema="app",
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["next_at"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("state in ('planned', 'retry', 'unknown')"),
    )
    op.create_index(
        "ix_outbox_leased",
        "outbox",
        ["lease_until"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "payment_accounts",
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("provider in ('stripe', 'paypal')", name=op.f("ck_payment_accounts_provider")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_payment_accounts_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_payment_accounts")),
        sa.UniqueConstraint("merchant_id", "provider", name=op.f("uq_payment_accounts_merchant_id_provider")),
        sa.UniqueConstraint("provider", "mode", "account", name=op.f("uq_payment_accounts_provider_mode_account")),
        schema="app",
    )
    op.create_table(
        "payments",
        sa.Column("order_id", sa.Uuid(), nullable=True),
        sa.Column("checkout_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("refunded_minor", sa.Integer(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state in ('settled', 'parked', 'surplus', 'part_refunded', 'refunded')", name=op.f("ck_payments_state")
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_payments_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "merchant_id", "provider", "payment_id", name=op.f("uq_payments_merchant_id_provider_payment_id")
        ),
        schema="app",
    )
    op.create_index("ix_payments_order", "payments", ["merchant_id", "order_id"], unique=False, schema="app")
    op.create_table(
        "phone_numbers",
        sa.Column("number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("number_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_phone_numbers_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_phone_numbers")),
        sa.UniqueConstraint("number_hash", name=op.f("uq_phone_numbers_number_hash")),
        schema="app",
    )
    op.create_table(
        "reconcile_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("missing", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["source_id"], ["app.webhook_sources.id"], name=op.f("fk_reconcile_runs_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconcile_runs")),
        schema="app",
    )
    op.create_table(
        "rejected_requests",
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["app.webhook_sources.id"], name=op.f("fk_rejected_requests_source_id")),
        sa.PrimaryKeyConstraint("source_id", "reason", "minute", name=op.f("pk_rejected_requests")),
        schema="app",
    )
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("routing_keys", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("dedupe_key", sa.Text(), nullable=False),
        sa.Column("provider_event_id", sa.Text(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.Integer(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("other_body_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("origin", sa.Text(), server_default="webhook", nullable=False),
        sa.Column("status", sa.Text(), server_default="received", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("emptied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deliveries", sa.Integer(), server_default="1", nullable=False),
        sa.Column("last_delivery_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status in ('received', 'running', 'retry', 'done', 'ignored', 'dead')",
            name=op.f("ck_webhook_events_status"),
        ),
        sa.ForeignKeyConstraint(["source_id"], ["app.webhook_sources.id"], name=op.f("fk_webhook_events_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
        sa.UniqueConstraint("source_id", "dedupe_key", name=op.f("uq_webhook_events_source_id_dedupe_key")),
        schema="app",
    )
    op.create_index(
        "ix_webhook_events_body",
        "webhook_events",
        ["received_at"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("emptied_at is null"),
    )
    op.create_index(
        "ix_webhook_events_due",
        "webhook_events",
        ["next_at"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("status in ('received', 'retry')"),
    )
    op.create_index(
        "ix_webhook_events_leased",
        "webhook_events",
        ["lease_until"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("status = 'running'"),
    )
    op.create_index(
        "ix_webhook_events_merchant", "webhook_events", ["merchant_id", "received_at"], unique=False, schema="app"
    )
    op.create_table(
        "bookings",
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("period", postgresql.TSTZRANGE(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=True),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("merchant_id"), "="),
            (sa.column("resource_id"), "="),
            (sa.column("unit"), "="),
            (sa.column("period"), "&&"),
            where=sa.text("state in ('held', 'confirmed')"),
            using="gist",
            name="ex_bookings_period",
        ),
        sa.CheckConstraint("state in ('held', 'confirmed', 'cancelled', 'expired')", name=op.f("ck_bookings_state")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_bookings_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "resource_id"],
            ["app.booking_resources.merchant_id", "app.booking_resources.id"],
            name=op.f("fk_bookings_merchant_id_resource_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_bookings_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_bookings")),
        schema="app",
    )
    op.create_table(
        "calls",
        sa.Column("call_sid", sa.Text(), nullable=False),
        sa.Column("phone_number_id", sa.Uuid(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), server_default="ringing", nullable=False),
        sa.Column("seq", sa.Integer(), server_default="-1", nullable=False),
        sa.Column("state", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("state_version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="none", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_event_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finalised_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "status in ('queued', 'ringing', 'in-progress', 'completed', 'busy', 'failed', 'no-answer', 'canceled')",
            name=op.f("ck_calls_status"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_calls_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_calls_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_calls")),
        sa.UniqueConstraint("merchant_id", "call_sid", name=op.f("uq_calls_merchant_id_call_sid")),
        schema="app",
    )
    op.create_index("ix_calls_newest", "calls", ["merchant_id", "started_at"], unique=False, schema="app")
    op.create_index(
        "ix_calls_unfinalised",
        "calls",
        ["last_event_at"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("finalised_at is null"),
    )
    op.create_table(
        "consents",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), server_default="sms", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("evidence_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("origin in ('sms', 'voice', 'provider', 'operator')", name=op.f("ck_consents_origin")),
        sa.CheckConstraint("state in ('granted', 'revoked')", name=op.f("ck_consents_state")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_consents_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_consents_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_consents")),
        schema="app",
    )
    op.create_index(
        "ix_consents_latest", "consents", ["merchant_id", "caller_id", "recorded_at"], unique=False, schema="app"
    )
    op.create_table(
        "messages",
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("phone_number_id", sa.Uuid(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message_key", sa.Text(), nullable=False),
        sa.Column("body_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reply_twiml_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("answers_live_call", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("direction in ('in', 'out')", name=op.f("ck_messages_direction")),
        sa.CheckConstraint(
            "status in ('planned', 'suppressed', 'accepted', 'queued', 'sending', 'sent', 'delivered', 'undelivered', 'failed', 'read', 'received')",  # noqa: E501
            name=op.f("ck_messages_status"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_messages_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_messages_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_messages")),
        sa.UniqueConstraint("merchant_id", "message_key", name=op.f("uq_messages_merchant_id_message_key")),
        sa.UniqueConstraint("merchant_id", "provider_id", name=op.f("uq_messages_merchant_id_provider_id")),
        schema="app",
    )
    op.create_index(
        "ix_messages_thread", "messages", ["merchant_id", "caller_id", "created_at"], unique=False, schema="app"
    )
    op.create_table(
        "orders",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("caller_id", sa.Uuid(), nullable=False),
        sa.Column("call_id", sa.Uuid(), nullable=True),
        sa.Column("phone_number_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("subtotal_minor", sa.Integer(), nullable=False),
        sa.Column("tax_minor", sa.Integer(), nullable=False),
        sa.Column("total_minor", sa.Integer(), nullable=False),
        sa.Column("tax_basis_points", sa.Integer(), nullable=False),
        sa.Column("tax_inclusive", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state in ('draft', 'awaiting_payment', 'paid', 'expired', 'cancelled', 'part_refunded', 'refunded')",
            name=op.f("ck_orders_state"),
        ),
        sa.CheckConstraint("total_minor = subtotal_minor + tax_minor", name=op.f("ck_orders_total_minor")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "caller_id"],
            ["app.callers.merchant_id", "app.callers.id"],
            name=op.f("fk_orders_merchant_id_caller_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_orders_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_orders")),
        sa.UniqueConstraint("merchant_id", "call_id", name=op.f("uq_orders_merchant_id_call_id")),
        sa.UniqueConstraint("merchant_id", "number", name=op.f("uq_orders_merchant_id_number")),
        schema="app",
    )
    op.create_index(
        "ix_orders_due",
        "orders",
        ["expires_at"],
        unique=False,
        schema="app",
        postgresql_where=sa.text("state = 'awaiting_payment'"),
    )
    op.create_index("ix_orders_newest", "orders", ["merchant_id", "created_at"], unique=False, schema="app")
    op.create_table(
        "webhook_attempts",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("worker", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["app.webhook_events.id"], name=op.f("fk_webhook_attempts_event_id")),
        sa.PrimaryKeyConstraint("event_id", "n", name=op.f("pk_webhook_attempts")),
        schema="app",
    )
    op.create_table(
        "call_turns",
        sa.Column("call_id", sa.Uuid(), nullable=False),
        sa.Column("nonce", sa.Integer(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("heard_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("twiml_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "call_id"],
            ["app.calls.merchant_id", "app.calls.id"],
            name=op.f("fk_call_turns_merchant_id_call_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_call_turns_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_call_turns")),
        sa.UniqueConstraint("merchant_id", "call_id", "nonce", name=op.f("uq_call_turns_merchant_id_call_id_nonce")),
        schema="app",
    )
    op.create_table(
        "order_lines",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_price_minor", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("net_minor", sa.Integer(), nullable=False),
        sa.Column("tax_minor", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("quantity between 1 and 99", name=op.f("ck_order_lines_quantity")),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["app.orders.merchant_id", "app.orders.id"],
            name=op.f("fk_order_lines_merchant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_order_lines_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_order_lines")),
        schema="app",
    )
    op.create_index(
        "ix_order_lines_order", "order_lines", ["merchant_id", "order_id", "position"], unique=False, schema="app"
    )
    op.create_table(
        "payment_links",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("order_version", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["app.orders.merchant_id", "app.orders.id"],
            name=op.f("fk_payment_links_merchant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_payment_links_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_payment_links")),
        sa.UniqueConstraint(
            "merchant_id", "order_id", "order_version", name=op.f("uq_payment_links_merchant_id_order_id_order_version")
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_payment_links_token_hash")),
        schema="app",
    )
    op.create_table(
        "checkouts",
        sa.Column("link_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="claimed", nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.Column("url_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state in ('claimed', 'open', 'approved', 'completed', 'failed', 'expired')",
            name=op.f("ck_checkouts_state"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "link_id"],
            ["app.payment_links.merchant_id", "app.payment_links.id"],
            name=op.f("fk_checkouts_merchant_id_link_id"),
        ),
        sa.ForeignKeyConstraint(
            ["merchant_id", "order_id"],
            ["app.orders.merchant_id", "app.orders.id"],
            name=op.f("fk_checkouts_merchant_id_order_id"),
        ),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_checkouts_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_checkouts")),
        sa.UniqueConstraint(
            "merchant_id",
            "link_id",
            "provider",
            "attempt",
            name=op.f("uq_checkouts_merchant_id_link_id_provider_attempt"),
        ),
        schema="app",
    )
    op.create_index(
        "ix_checkouts_provider_id", "checkouts", ["merchant_id", "provider", "provider_id"], unique=False, schema="app"
    )
    # Sealed bytes do not compress: spare the attempt, and keep large bodies out of the row.
    op.execute("alter table app.webhook_events alter column raw set storage external")
