"""A whole catalogue in a file, as the API gives and takes it."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import Field

from callwaiting.core.http.schemas import Amount, Count, Currency, Schema, Version
from callwaiting.features.catalogue.groups import MAX_ALIASES
from callwaiting.features.catalogue.importing import MAX_ROWS, Plan, Row
from callwaiting.features.catalogue.matching import Item
from callwaiting.features.catalogue.schemas import Name, Price

MAX_TEXT = 250_000
Format = Literal["json", "csv"]


class ExportQuery(Schema):
    format: Format = Field(default="json", description="`json` loses nothing; `csv` opens as a table.")


class FileItem(Schema):
    """An item in a file. Without an `id` it is the item of its name, or a new one."""

    id: UUID | None = None
    name: Name
    aliases: list[Name] = Field(default=[], max_length=MAX_ALIASES, examples=[["margherita"]])
    price: Price
    keypad: int | None = Field(default=None, ge=1, le=9, examples=[1])
    available: bool = True

    @classmethod
    def of(cls, item: Item) -> FileItem:
        # What lies in the database is not judged again: an export must not fail.
        return cls.model_construct(
            id=item.id,
            name=item.name,
            aliases=list(item.aliases),
            price=Price.model_construct(amount=item.price.minor, currency=item.price.currency),
            keypad=item.keypad,
            available=item.available,
        )


class CatalogueFile(Schema):
    """A catalogue. A later form of it has another `format_version`."""

    format: Literal["callwaiting.catalogue"] = "callwaiting.catalogue"
    format_version: Literal[1] = 1
    currency: Currency
    items: list[FileItem] = Field(max_length=MAX_ROWS)

    @classmethod
    def of(cls, items: list[Item], currency: str) -> CatalogueFile:
        return cls.model_construct(currency=currency, items=[FileItem.of(item) for item in items])

    def rows(self) -> list[Row]:
        return [
            Row(
                f"catalogue.items.{number}",
                item.id,
                {
                    "name": item.name,
                    "aliases": item.aliases,
                    "price_minor": item.price.amount,
                    "keypad": item.keypad,
                    "available": item.available,
                },
            )
            for number, item in enumerate(self.items)
        ]


class ImportQuery(Schema):
    dry_run: bool = Field(default=False, description="Say what would be done, and do nothing.")
    missing: Literal["keep", "remove"] = Field(default="keep", description="What is done with items not in the file.")


class ImportBody(Schema):
    """One of the two: a table as text, or a file that was exported as JSON."""

    csv: str | None = Field(default=None, max_length=MAX_TEXT, examples=["name,price\r\nMargherita pizza,12.50\r\n"])
    catalogue: CatalogueFile | None = Field(default=None, examples=[None])


class Named(Schema):
    """An item that an import adds or removes. The id of one that a dry run would add is not made yet."""

    id: UUID | None
    name: str = Field(examples=["Margherita pizza"])
    price: Amount


class Difference(Schema):
    field: str = Field(examples=["price"])
    before: str = Field(examples=["12.50"])
    after: str = Field(examples=["13.00"])


class ChangedItem(Schema):
    id: UUID
    name: str = Field(examples=["Margherita pizza"])
    differences: list[Difference]


class ImportFace(Schema):
    """What an import has done, or would do. `version` is that of the whole catalogue, for If-Match."""

    dry_run: bool
    added: list[Named]
    changed: list[ChangedItem]
    removed: list[Named]
    unchanged: Count
    version: Version

    @classmethod
    def of(cls, plan: Plan, version: int, *, dry_run: bool, given: frozenset[UUID | None]) -> ImportFace:
        def named(item: Item) -> Named:
            known = not dry_run or item.id in given
            return Named(id=item.id if known else None, name=item.name, price=Amount.of(item.price))

        return cls(
            dry_run=dry_run,
            added=[named(item) for item in plan.added],
            changed=[
                ChangedItem(
                    id=change.before.id,
                    name=change.after.name,
                    differences=[
                        Difference(field=field, before=before, after=after)
                        for field, before, after in change.differences()
                    ],
                )
                for change in plan.changed
            ],
            removed=[Named(id=item.id, name=item.name, price=Amount.of(item.price)) for item in plan.removed],
            unchanged=plan.unchanged,
            version=version,
        )
