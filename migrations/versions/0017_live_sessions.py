"""Reads in one round trip ask in the same breath whether their session is alive: what follows must not run if not.
And alerts are admitted by a condition that an index serves, which `is not distinct from` is not."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0014"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
ARGUMENTS = "uuid, uuid, uuid, integer, uuid"
# SQLSTATE classes that begin with I to Z are nobody's (PostgreSQL itself uses only XX of those with X).
REQUIRE = """
create function auth.require_live(the_session uuid, the_user uuid, the_merchant uuid, the_version integer, the_kid uuid)
returns void
language plpgsql stable set search_path = pg_catalog, pg_temp
as $$ declare found text := auth.session_state(the_session, the_user, the_merchant, the_version, the_kid);
begin
    if found is distinct from 'live' then
        raise exception using errcode = 'XW001', message = coalesce(found, 'revoked');
    end if;
end $$
"""
# As before, in a language that keeps its plan: each request asks, and planning took longer than looking.
STATE = """
create or replace function auth.session_state(the_session uuid, the_user uuid, the_merchant uuid, the_version integer,
                                              the_kid uuid)
returns text
language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$ begin
    return (select case
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
    left join app.memberships b on b.merchant_id = the_merchant and b.user_id = the_user and b.version = the_version
    left join app.merchants m on m.id = the_merchant);
end $$
"""
NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"
OWNER = f"coalesce(merchant_id, {NOBODY})"
MINE = f"{OWNER} = coalesce((select auth.merchant_id()), {NOBODY})"


def upgrade() -> None:
    op.execute(LIMITS)
    op.execute("grant create on schema auth to cw_resolver")
    op.execute("set local role cw_resolver")  # whose function it is
    op.execute(STATE)
    op.execute("set local role cw_owner")
    op.execute("revoke create on schema auth from cw_resolver")
    op.execute(REQUIRE)
    op.execute(f"revoke all on function auth.require_live({ARGUMENTS}) from public")
    op.execute(f"grant execute on function auth.require_live({ARGUMENTS}) to cw_web")
    op.drop_index("ix_alerts_merchant_id_id", "alerts", schema="app")
    op.create_index("ix_alerts_owner_id", "alerts", [sa.text(OWNER), "id"], schema="app")
    for role in ("web", "worker"):
        op.execute(f"alter policy {role}_select on app.alerts using ({MINE})")
        op.execute(f"alter policy {role}_insert on app.alerts with check ({MINE})")
        op.execute(f"alter policy {role}_update on app.alerts using ({MINE}) with check ({MINE})")
