from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow


class CatalogueItem(TenantRow, Base):
    """An item with its price in minor units of the merchant's currency. `keypad` is its digit in the phone menu;
    `removals` can be left out of it; without a tax rate of its own the merchant's default holds."""

    __tablename__ = "catalogue_items"
    __table_args__ = (
        UniqueConstraint("merchant_id", "keypad"),
        CheckConstraint("keypad between 1 and 9", name="keypad"),
        CheckConstraint("price_minor >= 0", name="price_minor"),
        ForeignKeyConstraint(["merchant_id", "tax_rate_id"], ["app.tax_rates.merchant_id", "app.tax_rates.id"]),
        Index("ix_catalogue_items_name", "merchant_id", "name", "id"),
    )

    name: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    price_minor: Mapped[int]
    keypad: Mapped[int | None]
    available: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())
    removals: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    tax_rate_id: Mapped[UUID | None]


class ModifierGroup(TenantRow, Base):
    """A question about items that share it: from `min_choices` to `max_choices` of its options."""

    __tablename__ = "modifier_groups"
    __table_args__ = (
        CheckConstraint("min_choices between 0 and 20", name="min_choices"),
        CheckConstraint("max_choices between 1 and 20", name="max_choices"),
        CheckConstraint("min_choices <= max_choices", name="choices"),
        Index("ix_modifier_groups_name", "merchant_id", "name", "id"),
    )

    name: Mapped[str]
    min_choices: Mapped[int]
    max_choices: Mapped[int]
    version: Mapped[int] = mapped_column(server_default="1")
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ModifierOption(TenantRow, Base):
    """An option of a group, in its `position`. `price_delta_minor` is what it changes the item's price by."""

    __tablename__ = "modifier_options"
    __table_args__ = (
        ForeignKeyConstraint(
            ["merchant_id", "group_id"],
            ["app.modifier_groups.merchant_id", "app.modifier_groups.id"],
            ondelete="cascade",
        ),
        Index("ix_modifier_options_group", "merchant_id", "group_id", "position"),
    )

    group_id: Mapped[UUID]
    position: Mapped[int]
    name: Mapped[str]
    aliases: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    price_delta_minor: Mapped[int]
    available: Mapped[bool] = mapped_column(server_default=text("true"))


class ItemModifierGroup(TenantRow, Base):
    """An item asks the questions of its groups, in their `position`."""

    __tablename__ = "item_modifier_groups"
    __table_args__ = (
        UniqueConstraint("merchant_id", "item_id", "group_id"),
        ForeignKeyConstraint(
            ["merchant_id", "item_id"],
            ["app.catalogue_items.merchant_id", "app.catalogue_items.id"],
            ondelete="cascade",
        ),
        ForeignKeyConstraint(
            ["merchant_id", "group_id"],
            ["app.modifier_groups.merchant_id", "app.modifier_groups.id"],
            ondelete="cascade",
        ),
        Index("ix_item_modifier_groups_group", "merchant_id", "group_id"),
    )

    item_id: Mapped[UUID]
    group_id: Mapped[UUID]
    position: Mapped[int]
