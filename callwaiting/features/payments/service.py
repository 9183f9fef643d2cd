"""What other slices may use of payments."""

from __future__ import annotations

from callwaiting.features.payments.links import Link, LinkOwner, create_link, link_of, owner_of_token

__all__ = ["Link", "LinkOwner", "create_link", "link_of", "owner_of_token"]
