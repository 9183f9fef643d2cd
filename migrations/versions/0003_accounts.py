"""People, sign-in and mail: tables, who may reach them, and the look-ups before anybody is known."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.rls import Access, everywhere, protect, tenant

revision = "0003"
down_revision = "0002"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
PROCESSES = "cw_web, cw_webhook, cw_worker, cw_service, cw_audit_writer"

SETTINGS = """
create function auth.user_id() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.user_id', true), '')::uuid;
create function auth.session_id() returns uuid language sql stable parallel safe
    return nullif(current_setting('app.session_id', true), '')::uuid;
"""

OWN = "user_id = (select auth.user_id())"
SELF = "id = (select auth.user_id())"


def own(*commands: str, predicate: str = OWN, **by_column: tuple[str, ...]) -> Access:
    """Commands on the rows of the transaction's person."""
    return tenant(*commands, predicate=predicate, **by_column)


READ, WRITE = "select", ("select", "insert", "update")
USER_FACTS = ("id", "status", "operator", "created_at", "verified_at", "last_signed_in_at")

ACCESS: dict[str, dict[str, Access]] = {
    "users": {
        # Nobody makes an operator of oneself: that column is the command line's.
        "cw_web": own(
            READ,
            predicate=SELF,
            insert=("id", "email_sealed", "email_hash", "name_sealed", "password_sealed", "status", "verified_at"),
            update=(
                "email_sealed",
                "email_hash",
                "name_sealed",
                "password_sealed",
                "status",
                "verified_at",
                "password_changed_at",
                "last_signed_in_at",
            ),
        ),
        "cw_worker": own(*WRITE, predicate=SELF),
        "cw_service": everywhere(select=USER_FACTS),
    },
    "user_keys": {"cw_web": own(READ, "insert"), "cw_worker": own(*WRITE)},
    "memberships": {"cw_web": tenant(*WRITE, "delete"), "cw_worker": tenant(*WRITE, "delete")},
    "sessions": {
        "cw_web": own(*WRITE),
        "cw_worker": own(READ, "update"),
        "cw_service": everywhere("delete", select=("id", "user_id", "expires_at", "ended_at")),
    },
    "account_tokens": {
        "cw_web": own(*WRITE),
        "cw_worker": own(*WRITE),
        "cw_service": everywhere("delete", select=("id", "user_id", "expires_at")),
    },
    "totp_factors": {"cw_web": own(*WRITE, "delete"), "cw_worker": own(*WRITE, "delete")},
    "recovery_codes": {"cw_web": own(*WRITE, "delete"), "cw_worker": own(*WRITE, "delete")},
    "invitations": {"cw_web": tenant(*WRITE), "cw_worker": tenant(*WRITE)},
    "api_keys": {"cw_web": tenant(*WRITE), "cw_worker": tenant(*WRITE)},
    # The web signs and verifies; making, changing and revoking keys is the command line's.
    "signing_keys": {
        "cw_web": everywhere(READ),
        "cw_worker": everywhere(
            "insert",
            select=("kid", "algorithm", "state", "created_at", "activated_at", "retired_at", "revoked_at"),
            update=("state", "activated_at", "retired_at", "revoked_at"),
        ),
    },
    "sign_in_failures": {
        "cw_web": everywhere(*WRITE),
        "cw_service": everywhere("delete", select=("bucket", "window_ends_at")),
    },
    # Whoever plans a mail cannot read one; the worker sends them.
    "mails": {
        "cw_web": everywhere("insert"),
        "cw_worker": everywhere(*WRITE),
        "cw_service": everywhere(select=("id", "state", "next_at")),
    },
}

RESOLVED: dict[str, tuple[str, ...]] = {
    "users": ("id", "email_sealed", "email_hash", "name_sealed", "password_sealed", "status", "operator"),
    "memberships": ("merchant_id", "id", "user_id", "role", "version", "created_at"),
    "sessions": ("id", "user_id", "refresh_key", "counter", "idle_until", "expires_at", "ended_at"),
    "account_tokens": ("id", "user_id", "purpose", "token_hash"),
    "invitations": ("merchant_id", "id", "token_hash"),
    "api_keys": ("merchant_id", "id", "secret_hash", "scopes", "expires_at", "revoked_at"),
    "signing_keys": ("kid", "state"),
}

# As in 0002: owned by cw_resolver; each takes what only a rightful caller knows, or works on the transaction's own
# person or merchant.
LOOKUPS = {
    "auth.user_by_email(sought bytea)": """
        returns table (id uuid, password_sealed bytea, status text, operator boolean)
        as $$ select u.id, u.password_sealed, u.status, u.operator from app.users u where u.email_hash = sought $$""",
    "auth.refresh_session(sought uuid)": """
        returns table (user_id uuid, refresh_key bytea)
        as $$ select s.user_id, s.refresh_key from app.sessions s where s.id = sought $$""",
    "auth.account_token(sought bytea)": """
        returns table (id uuid, user_id uuid, purpose text)
        as $$ select t.id, t.user_id, t.purpose from app.account_tokens t where t.token_hash = sought $$""",
    "auth.invitation(sought bytea)": """
        returns table (merchant_id uuid, id uuid)
        as $$ select i.merchant_id, i.id from app.invitations i where i.token_hash = sought $$""",
    "auth.api_key(sought uuid)": """
        returns table (merchant_id uuid, secret_hash bytea, scopes jsonb, state text)
        as $$ select k.merchant_id, k.secret_hash, k.scopes,
                     case when k.revoked_at is not null then 'revoked' when k.expires_at <= now() then 'expired'
                          when m.status <> 'active' then 'suspended' else 'live' end
              from app.api_keys k join app.merchants m on m.id = k.merchant_id where k.id = sought $$""",
    "auth.my_merchants()": """
        returns table (merchant_id uuid, name text, role text, version integer, status text)
        as $$ select b.merchant_id, m.name, b.role, b.version, m.status
              from app.memberships b join app.merchants m on m.id = b.merchant_id
              where b.user_id = auth.user_id() order by b.created_at, b.merchant_id $$""",
    "auth.team()": """
        returns table (membership_id uuid, user_id uuid, email_sealed bytea, name_sealed bytea, status text, role text,
                       version integer, joined_at timestamptz)
        as $$ select b.id, u.id, u.email_sealed, u.name_sealed, u.status, b.role, b.version, b.created_at
              from app.memberships b join app.users u on u.id = b.user_id
              where b.merchant_id = auth.merchant_id() order by b.created_at, b.id $$""",
    # Asked in the statement that begins a request's transaction: what an access token says may be over by now.
    "auth.session_state(the_session uuid, the_user uuid, the_merchant uuid, the_version integer, the_kid uuid)": """
        returns text
        as $$ select case
                  when k.kid is null or u.id is null or s.id is null or s.ended_at is not null then 'revoked'
                  when s.idle_until <= now() or s.expires_at <= now() then 'expired'
                  when the_merchant is null then 'live'
                  when b.id is null then 'revoked'
                  when m.status <> 'active' then 'suspended'
                  else 'live' end
              from (select) always
              left join app.signing_keys k on k.kid = the_kid and k.state <> 'revoked'
              left join app.users u on u.id = the_user and u.status = 'active'
              left join app.sessions s on s.id = the_session and s.user_id = the_user
              left join app.memberships b on b.merchant_id = the_merchant and b.user_id = the_user
                                         and b.version = the_version
              left join app.merchants m on m.id = the_merchant $$""",
}
CALLERS_OF = {
    "auth.user_by_email(bytea)": "cw_web, cw_worker",
    "auth.refresh_session(uuid)": "cw_web",
    "auth.account_token(bytea)": "cw_web",
    "auth.invitation(bytea)": "cw_web",
    "auth.api_key(uuid)": "cw_web",
    "auth.my_merchants()": "cw_web, cw_worker",
    "auth.team()": "cw_web, cw_worker",
    "auth.session_state(uuid, uuid, uuid, integer, uuid)": "cw_web",
}


def upgrade() -> None:
    op.execute(LIMITS)
    op.create_table(
        "mails",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease_token", sa.Uuid(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('planned', 'sent', 'refused', 'dead')", name=op.f("ck_mails_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
        schema="app",
    )
    op.create_index(
        "ix_mails_due", "mails", ["next_at"], unique=False, schema="app", postgresql_where=sa.text("state = 'planned'")
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("bucket", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("window_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_sign_in_failures")),
        schema="app",
    )
    op.create_index(
        "ix_sign_in_failures_window_ends_at", "sign_in_failures", ["window_ends_at"], unique=False, schema="app"
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.Uuid(), nullable=False),
        sa.Column("algorithm", sa.Text(), server_default="HS256", nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('next', 'active', 'retired', 'revoked')", name=op.f("ck_signing_keys_state")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
        schema="app",
    )
    op.create_index(
        "uq_signing_keys_active",
        "signing_keys",
        ["state"],
        unique=True,
        schema="app",
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("password_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("operator", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status in ('pending', 'active', 'disabled')", name=op.f("ck_users_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_hash", name=op.f("uq_users_email_hash")),
        schema="app",
    )
    op.create_table(
        "account_tokens",
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "purpose in ('verify_email', 'reset_password', 'mfa')", name=op.f("ck_account_tokens_purpose")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app.users.id"], name=op.f("fk_account_tokens_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_tokens_token_hash")),
        schema="app",
    )
    op.create_index(op.f("ix_account_tokens_user_id"), "account_tokens", ["user_id"], unique=False, schema="app")
    op.create_table(
        "api_keys",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("scopes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["app.users.id"], name=op.f("fk_api_keys_created_by")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_api_keys_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_api_keys")),
        schema="app",
    )
    op.create_table(
        "invitations",
        sa.Column("email_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("email_hash", sa.LargeBinary(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("role in ('owner', 'admin', 'agent', 'viewer')", name=op.f("ck_invitations_role")),
        sa.ForeignKeyConstraint(["invited_by"], ["app.users.id"], name=op.f("fk_invitations_invited_by")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_invitations_merchant_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitations_token_hash")),
        schema="app",
    )
    op.create_table(
        "memberships",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("merchant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("role in ('owner', 'admin', 'agent', 'viewer')", name=op.f("ck_memberships_role")),
        sa.ForeignKeyConstraint(["merchant_id"], ["app.merchants.id"], name=op.f("fk_memberships_merchant_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app.users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("merchant_id", "id", name=op.f("pk_memberships")),
        sa.UniqueConstraint("merchant_id", "user_id", name=op.f("uq_memberships_merchant_id_user_id")),
        schema="app",
    )
    op.create_index("ix_memberships_user_id", "memberships", ["user_id"], unique=False, schema="app")
    op.create_table(
        "recovery_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app.users.id"], name=op.f("fk_recovery_codes_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("user_id", "code_hash", name=op.f("uq_recovery_codes_user_id_code_hash")),
        schema="app",
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False, schema="app")
    op.create_table(
        "sessions",
        sa.Column("current_merchant_id", sa.Uuid(), nullable=True),
        sa.Column("refresh_key", sa.LargeBinary(), nullable=False),
        sa.Column("counter", sa.Integer(), server_default="0", nullable=False),
        sa.Column("client_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("network_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("amr", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("auth_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remembered", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("refreshed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["current_merchant_id"], ["app.merchants.id"], name=op.f("fk_sessions_current_merchant_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app.users.id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        schema="app",
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False, schema="app")
    op.create_table(
        "totp_factors",
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app.users.id"], name=op.f("fk_totp_factors_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totp_factors")),
        schema="app",
    )
    op.create_index(op.f("ix_totp_factors_user_id"), "totp_factors", ["user_id"], unique=False, schema="app")
    op.create_table(
        "user_keys",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kek_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app.users.id"], name=op.f("fk_user_keys_user_id")),
        sa.PrimaryKeyConstraint("user_id", "version", name=op.f("pk_user_keys")),
        schema="app",
    )
    op.execute(SETTINGS)
    op.execute(f"grant execute on function auth.user_id(), auth.session_id() to {PROCESSES}, cw_resolver")
    for table, access in ACCESS.items():
        rights = dict(access)
        if table in RESOLVED:
            rights["cw_resolver"] = everywhere(select=RESOLVED[table])
        protect(table, rights)
    op.execute("grant select (id, name, status) on app.merchants to cw_resolver")
    op.execute("create policy resolver_select on app.merchants for select to cw_resolver using (true)")
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
