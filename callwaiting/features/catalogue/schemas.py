"""What a merchant sells, as the API shows and takes it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Amount, Schema, Version
from callwaiting.features.catalogue.service import MAX_ALIASES, MAX_NAME, MAX_PRICE_MINOR, Item

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
    """`aliases` are other names that callers say; `keypad` is the item's digit in the phone menu."""

    name: Name
    aliases: list[Name] = Field(default=[], max_length=MAX_ALIASES, examples=[["margherita"]])
    price: Price
    keypad: int | None = Field(default=None, ge=1, le=9, examples=[1])
    available: bool = True


class ItemFace(Schema):
    id: UUID
    name: str = Field(examples=["Margherita pizza"])
    aliases: list[str] = Field(examples=[["margherita"]])
    price: Amount
    keypad: int | None = Field(examples=[1])
    available: bool
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
            version=item.version,
        )
