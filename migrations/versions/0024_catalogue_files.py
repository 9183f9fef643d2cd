"""An operator's import of a catalogue may remove items too."""

from __future__ import annotations

from migrations.rls import protect, tenant

revision = "0024"
down_revision = "0027"


def upgrade() -> None:
    protect("catalogue_items", {"cw_worker": tenant("delete")})
