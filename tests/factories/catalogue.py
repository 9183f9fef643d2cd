"""A small menu for tests."""

from __future__ import annotations

from uuid import UUID

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.catalogue import service

MENU = {
    "Margherita pizza": (1250, 1, ("margherita",)),
    "Pepperoni pizza": (1400, 2, ()),
    "Cola": (300, 3, ("coke",)),
    "Mac and cheese": (999, 4, ()),
    "Fish & chips": (1101, 5, ()),
}


def create_menu(runtime: Runtime, scope: MerchantScope) -> dict[str, UUID]:
    """Item ids by name."""
    with runtime.database.unit_of_work(scope) as session:
        return {
            name: service.add_item(session, name=name, price_minor=price, keypad=key, aliases=aliases)
            for name, (price, key, aliases) in MENU.items()
        }
