"""Operators of the platform see who has an account."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0008"

PEOPLE = """
create function auth.people(before uuid, how_many integer)
returns table (id uuid, email_sealed bytea, name_sealed bytea, status text, operator boolean, created_at timestamptz,
               last_signed_in_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select u.id, u.email_sealed, u.name_sealed, u.status, u.operator, u.created_at, u.last_signed_in_at
      from app.users u
      where exists (select from app.users o where o.id = auth.user_id() and o.operator and o.status = 'active')
        and (before is null or u.id < before)
      order by u.id desc limit least(how_many, 101) $$
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '2s'; set local statement_timeout = '60s'")
    op.execute("grant select (created_at, last_signed_in_at) on app.users to cw_resolver")
    op.execute("grant create on schema auth to cw_resolver")
    op.execute(PEOPLE)
    op.execute("revoke all on function auth.people(uuid, integer) from public")
    op.execute("grant execute on function auth.people(uuid, integer) to cw_web")
    op.execute("alter function auth.people(uuid, integer) owner to cw_resolver")
    op.execute("revoke create on schema auth from cw_resolver")
