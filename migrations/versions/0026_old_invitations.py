"""Invitations that are over are deleted, as sessions are: whom they named has no business with us for ever."""

from __future__ import annotations

from alembic import op

revision = "0026"
down_revision = "0019"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"


def upgrade() -> None:
    op.execute(LIMITS)
    op.execute("grant select (merchant_id, id, expires_at), delete on app.invitations to cw_service")
    op.execute("create policy service_select on app.invitations for select to cw_service using (true)")
    op.execute("create policy service_delete on app.invitations for delete to cw_service using (true)")
    op.create_index("ix_invitations_expires_at", "invitations", ["expires_at"], schema="app")


def downgrade() -> None:
    op.execute(LIMITS)
    op.drop_index("ix_invitations_expires_at", "invitations", schema="app")
    op.execute("drop policy service_delete on app.invitations")
    op.execute("drop policy service_select on app.invitations")
    op.execute("revoke select (merchant_id, id, expires_at), delete on app.invitations from cw_service")
