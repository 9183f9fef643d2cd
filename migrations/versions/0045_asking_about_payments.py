"""When PayPal is asked what has become of an approved payment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.rls import everywhere, protect

revision = "0045"
down_revision = "0041"

LIMITS = "set local lock_timeout = '2s'; set local statement_timeout = '60s'"
# The owner of a table sees no rows of it but while row security is not forced; nobody else comes in before this has
# committed. What payers who came back have had asked is asked by the one effect that there is now.
UNDER_WAY = """
alter table app.checkouts no force row level security;
update app.checkouts set ask_at = now() where state = 'approved';
alter table app.checkouts force row level security;
alter table app.outbox no force row level security;
update app.outbox set kind = 'paypal.look_up' where kind = 'paypal.approval';
alter table app.outbox force row level security;
"""


def upgrade() -> None:
    op.execute(LIMITS)
    op.add_column("checkouts", sa.Column("ask_at", sa.DateTime(timezone=True), nullable=True), schema="app")
    op.create_index(
        "ix_checkouts_due", "checkouts", ["ask_at"], schema="app", postgresql_where=sa.text("state = 'approved'")
    )
    protect("checkouts", {"cw_service": everywhere(select=("merchant_id", "id", "state", "ask_at"))})
    op.execute(UNDER_WAY)
