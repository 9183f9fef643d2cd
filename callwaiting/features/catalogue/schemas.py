"""What a merchant sells, as the API shows and takes it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Amount, Schema, Version
from callwaiting.features.catalogue.groups import (
    MAX_ALIASES,
    MAX_CHOICES,
    MAX_DELTA_MINOR,
    MAX_GROUPS,
    MAX_NAME,
    MAX_OPTIONS,
)
from callwaiting.features.catalogue.service import (
    MAX_PRICE_MINOR,
    MAX_REMOVALS,
    Group,
    Item,
    Option,
)

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME),
    Field(examples=["Margherita pizza"]),
]


class Price(Amount):
    """`amount` is in minor units (cents for USD) of the business's own currency."""

    amount: int = Field(ge=0, le=MAX_PRICE_MINOR, examples=[1250])


class ItemQuery(PageQuery):
    available: bool | None = Field(default=None, description="Only those that can be ordered now, or that cannot.")


class ItemBody(Schema):
    """`aliases` are other names that callers say; `keypad` is the item's digit in the phone menu. `modifier_groups` are
    asked in this order; `removals` is what a caller may have left out. Without a `tax_rate_id`, the business's default
    rate holds."""

    name: Name
    aliases: list[Name] = Field(default=[], max_length=MAX_ALIASES, examples=[["margherita"]])
    price: Price
    keypad: int | None = Field(default=None, ge=1, le=9, examples=[1])
    available: bool = True
    modifier_groups: list[UUID] = Field(default=[], max_length=MAX_GROUPS)
    removals: list[Name] = Field(default=[], max_length=MAX_REMOVALS, examples=[["onions"]])
    tax_rate_id: UUID | None = None


class ItemFace(Schema):
    id: UUID
    name: str = Field(examples=["Margherita pizza"])
    aliases: list[str] = Field(examples=[["margherita"]])
    price: Amount
    keypad: int | None = Field(examples=[1])
    available: bool
    modifier_groups: list[UUID]
    removals: list[str] = Field(examples=[["onions"]])
    tax_rate_id: UUID | None
    version: Version

    @classmethod
    def of(cls, item: Item) -> ItemFace:
        return cls(
            id=item.id,
            name=item.name,
            aliases=list(item.aliases),
            price=Amount.of(item.price),
            keypad=item.keypad,
            available=item.available,
            modifier_groups=[group.id for group in item.groups],
            removals=list(item.removals),
            tax_rate_id=item.tax_rate.id if item.tax_rate else None,
            version=item.version,
        )


class Delta(Amount):
    """What an option changes the price by, in minor units of the business's own currency; it may be negative."""

    amount: int = Field(ge=-MAX_DELTA_MINOR, le=MAX_DELTA_MINOR, examples=[250])


class OptionBody(Schema):
    name: Name
    aliases: list[Name] = Field(default=[], max_length=MAX_ALIASES, examples=[["big"]])
    price_delta: Delta
    available: bool = True


class KeptOption(OptionBody):
    """An option with its `id` stays the same one; without, it is new."""

    id: UUID | None = None


class GroupTerms(Schema):
    """From `min_choices` (0: none is needed) to `max_choices` of the options, in this order, can be chosen."""

    name: Name
    min_choices: int = Field(ge=0, le=MAX_CHOICES, examples=[1])
    max_choices: int = Field(ge=1, le=MAX_CHOICES, examples=[1])


class NewGroup(GroupTerms):
    options: list[OptionBody] = Field(min_length=1, max_length=MAX_OPTIONS)


class GroupBody(GroupTerms):
    options: list[KeptOption] = Field(min_length=1, max_length=MAX_OPTIONS)


class OptionFace(Schema):
    id: UUID
    name: str = Field(examples=["Large"])
    aliases: list[str] = Field(examples=[["big"]])
    price_delta: Amount
    available: bool

    @classmethod
    def of(cls, option: Option) -> OptionFace:
        return cls(
            id=option.id,
            name=option.name,
            aliases=list(option.aliases),
            price_delta=Amount.of(option.delta),
            available=option.available,
        )


class GroupFace(Schema):
    id: UUID
    name: str = Field(examples=["Size"])
    min_choices: int = Field(examples=[1])
    max_choices: int = Field(examples=[1])
    options: list[OptionFace]
    version: Version

    @classmethod
    def of(cls, group: Group) -> GroupFace:
        return cls(
            id=group.id,
            name=group.name,
            min_choices=group.min_choices,
            max_choices=group.max_choices,
            options=[OptionFace.of(option) for option in group.options],
            version=group.version,
        )
