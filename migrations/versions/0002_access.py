"""Who may read and write what: settings functions, look-ups before a tenant is known, policies for every table."""

from __future__ import annotations

from alembic import op

from migrations.rls import TENANT_OR_NONE, Access, everywhere, protect, tenant

revision = "0002"
down_revision = "0001"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
PROCESSES = "cw_web, cw_webhook, cw_worker, cw_service, cw_audit_writer"

# Transaction-local settings leave '' behind on a pooled connection: nullif keeps that from being a bad uuid.
SETTINGS = """
create function auth.merchant_id() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.merchant_id', true), '')::uuid;
create function auth.role() returns text language sql stable parallel safe
    return nullif(current_setting('app.role', true), '');
"""

# Look-ups that find a tenant before there is one. They are owned by cw_resolver, which alone has policies that show
# all rows of these tables (owned by cw_owner they would see nothing, RLS being forced). Each takes what only a
# rightful caller knows and returns one row at most; none takes a merchant.
LOOKUPS = {
    "auth.webhook_source(sought text)": """
        returns table (id uuid, merchant_id uuid, provider text, mode text, account text, webhook_id text,
                       secrets_sealed bytea, public_url text, paused_at timestamptz)
        as $$ select s.id, s.merchant_id, s.provider, s.mode, s.account, s.webhook_id, s.secrets_sealed, s.public_url,
                     s.paused_at
              from app.webhook_sources s where s.public_id = sought $$""",
    "auth.twilio_source_url(sought text)": """
        returns text
        as $$ select s.public_url from app.webhook_sources s
              where s.provider = 'twilio' and s.account = sought and s.paused_at is null
                and (s.merchant_id is null or s.merchant_id = auth.merchant_id())
              order by s.created_at desc limit 1 $$""",
    "auth.merchant_of_number(sought bytea)": """
        returns table (merchant_id uuid, phone_number_id uuid)
        as $$ select n.merchant_id, n.id from app.phone_numbers n where n.number_hash = sought $$""",
    "auth.merchant_of_account(sought_provider text, sought_mode text, sought text)": """
        returns uuid
        as $$ select a.merchant_id from app.payment_accounts a
              where a.provider = sought_provider and a.mode = sought_mode and a.account = sought $$""",
    "auth.payment_link(sought bytea)": """
        returns table (merchant_id uuid, link_id uuid)
        as $$ select l.merchant_id, l.id from app.payment_links l where l.token_hash = sought $$""",
    "auth.oldest_due_event_seconds()": """
        returns double precision
        as $$ select coalesce(extract(epoch from now() - min(e.next_at)), 0)::double precision
              from app.webhook_events e where e.status in ('received', 'retry') and e.next_at <= now() $$""",
}
CALLERS_OF = {
    "auth.webhook_source(text)": "cw_web, cw_webhook, cw_worker",
    "auth.twilio_source_url(text)": "cw_worker",
    "auth.merchant_of_number(bytea)": "cw_web, cw_worker, cw_service",
    "auth.merchant_of_account(text, text, text)": "cw_service",
    "auth.payment_link(bytea)": "cw_web",
    "auth.oldest_due_event_seconds()": "cw_web, cw_service",
}

RESOLVED = {
    "webhook_sources": None,
    "phone_numbers": ("merchant_id", "id", "number_hash"),
    "payment_accounts": ("merchant_id", "provider", "mode", "account"),
    "payment_links": ("merchant_id", "id", "token_hash"),
    "webhook_events": ("status", "next_at"),
}

EVENT_STATE = (
    "merchant_id", "status", "attempts", "next_at", "lease_until", "lease_token", "error_class", "error", "done_at",
    "emptied_at",
)  # fmt: skip
EVENT_FACTS = (
    "id", "source_id", "provider", "routing_keys", "dedupe_key", "provider_event_id", "event_type", "object_key",
    "occurred_at", "seq", "received_at", "body_sha256", "other_body_sha256", "headers", "request_id", "origin",
    "deliveries", "last_delivery_at",
)  # fmt: skip
EFFECT_STATE = ("state", "attempts", "unclear", "next_at", "lease_until", "lease_token", "error_class", "error")
EFFECT_FACTS = (
    "merchant_id",
    "id",
    "effect_key",
    "kind",
    "subject_id",
    "provider_ref",
    "request_id",
    "created_at",
    "done_at",
)

READ, WRITE = "select", ("select", "insert", "update")


def both(*commands: str) -> dict[str, Access]:
    """The same rights for the web and the worker, each on its own merchant's rows."""
    return {"cw_web": tenant(*commands), "cw_worker": tenant(*commands)}


ACCESS: dict[str, dict[str, Access]] = {
    "merchants": {
        "cw_web": tenant(READ, predicate="id = (select auth.merchant_id())"),
        "cw_worker": tenant(*WRITE, predicate="id = (select auth.merchant_id())"),
        "cw_service": everywhere(READ),
    },
    "platform_keys": {
        "cw_web": everywhere(READ),
        "cw_webhook": everywhere(READ),
        "cw_worker": everywhere(READ, "insert"),
    },
    "merchant_keys": {
        "cw_web": tenant(READ),
        "cw_worker": tenant(READ, "insert", update=("wrapped", "kek_version", "destroyed_at")),
    },
    "phone_numbers": both(*WRITE) | {"cw_service": everywhere(select=("merchant_id", "id", "label", "created_at"))},
    "callers": both(*WRITE),
    "consents": both(READ, "insert"),
    "catalogue_items": both(*WRITE),
    "orders": both(*WRITE) | {"cw_service": everywhere(select=("merchant_id", "id", "state", "expires_at"))},
    "order_lines": both(READ, "insert"),
    "payment_accounts": {"cw_web": tenant(READ), "cw_worker": tenant(*WRITE)},
    "payment_links": both(*WRITE),
    "checkouts": both(*WRITE),
    "payments": both(*WRITE),
    "messages": both(*WRITE),
    "booking_resources": both(*WRITE),
    "bookings": both(*WRITE) | {"cw_service": everywhere(select=("merchant_id", "id", "state", "hold_expires_at"))},
    "calls": both(*WRITE)
    | {"cw_service": everywhere(select=("merchant_id", "id", "status", "last_event_at", "finalised_at"))},
    "call_turns": both(READ, "insert"),
    "alerts": {
        "cw_web": tenant(*WRITE, predicate=TENANT_OR_NONE),
        "cw_worker": tenant(*WRITE, predicate=TENANT_OR_NONE),
        "cw_service": everywhere(*WRITE),
    },
    "outbox": both(READ, "insert")
    | {
        "cw_worker": tenant(*WRITE),
        "cw_service": everywhere(select=EFFECT_FACTS + EFFECT_STATE, update=EFFECT_STATE),
    },
    "webhook_sources": {
        "cw_web": tenant(READ),
        "cw_worker": tenant(*WRITE, predicate=TENANT_OR_NONE),
        "cw_service": everywhere(
            select=(
                "id",
                "public_id",
                "merchant_id",
                "provider",
                "mode",
                "account",
                "webhook_id",
                "public_url",
                "paused_at",
                "created_at",
            ),
            update=("paused_at",),
        ),
    },
    "webhook_events": {
        # An upsert reads the row that it meets, so INSERT alone is not enough; the body stays out of reach.
        "cw_webhook": everywhere(
            "insert",
            select=(
                "id",
                "source_id",
                "dedupe_key",
                "provider_event_id",
                "origin",
                "status",
                "next_at",
                "deliveries",
                "body_sha256",
                "other_body_sha256",
                "last_delivery_at",
            ),
            update=("next_at", "deliveries", "last_delivery_at", "other_body_sha256"),
        ),
        "cw_web": tenant(READ),
        "cw_worker": tenant(READ, "update"),
        # The service may empty a body but not read one.
        "cw_service": everywhere(select=EVENT_FACTS + EVENT_STATE, update=(*EVENT_STATE, "raw")),
    },
    "webhook_attempts": {
        "cw_web": tenant(READ),
        "cw_worker": tenant(READ, "insert"),
        "cw_service": everywhere(READ, "insert"),
    },
    "rejected_requests": {"cw_webhook": everywhere(*WRITE), "cw_service": everywhere(READ)},
    "reconcile_runs": {"cw_service": everywhere(*WRITE)},
    "leases": {"cw_service": everywhere(*WRITE)},
    "audit.outbox": {
        "cw_web": tenant("insert", predicate=TENANT_OR_NONE),
        "cw_worker": tenant("insert", predicate=TENANT_OR_NONE),
        "cw_service": everywhere("insert"),
        "cw_webhook": tenant("insert", predicate="merchant_id is null"),
        "cw_audit_writer": everywhere(READ, "delete"),
    },
    "audit.log": {
        "cw_web": tenant(READ),
        "cw_worker": tenant(READ),
        "cw_audit_writer": everywhere(READ, "insert"),
    },
}

APPEND_ONLY = """
create function audit.refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
create trigger append_only before update or delete or truncate on audit.log
    for each statement execute function audit.refuse_change();
"""


def upgrade() -> None:
    op.execute(LIMITS)
    for schema in ("app", "audit", "auth"):
        op.execute(f"alter default privileges in schema {schema} revoke execute on functions from public")
        op.execute(f"grant usage on schema {schema} to {PROCESSES}, cw_resolver")
    op.execute(SETTINGS)
    op.execute(f"grant execute on function auth.merchant_id(), auth.role() to {PROCESSES}, cw_resolver")
    for table, access in ACCESS.items():
        rights = dict(access)
        if table in RESOLVED:
            columns = RESOLVED[table]
            rights["cw_resolver"] = everywhere(select=columns) if columns else everywhere(READ)
        protect(table, rights)
    op.execute("grant create on schema auth to cw_resolver")
    for signature, body in LOOKUPS.items():
        op.execute(
            f"create function {signature} {body} language sql stable security definer"
            " set search_path = pg_catalog, pg_temp"
        )
    for signature, roles in CALLERS_OF.items():
        op.execute(f"revoke all on function {signature} from public")
        op.execute(f"grant execute on function {signature} to {roles}")
        op.execute(f"alter function {signature} owner to cw_resolver")
    op.execute("revoke create on schema auth from cw_resolver")
    op.execute(APPEND_ONLY)
