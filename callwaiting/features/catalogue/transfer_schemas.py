"""A whole catalogue in a file, as the API gives and takes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from pydantic import Field

from callwaiting.core.http.schemas import Amount, Count, Currency, Schema, Version
from callwaiting.features.catalogue.groups import MAX_ALIASES, MAX_GROUPS, MAX_OPTIONS
from callwaiting.features.catalogue.importing import MAX_ROWS, Plan, Row
from callwaiting.features.catalogue.importing_groups import GroupRow
from callwaiting.features.catalogue.matching import Item
from callwaiting.features.catalogue.schemas import Delta, GroupTerms, KeptOption, Name, Price
from callwaiting.features.catalogue.service import MAX_REMOVALS, Group, OptionChange

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
    modifier_groups: list[Name] = Field(default=[], max_length=MAX_GROUPS, description="Ids or names of groups.")
    removals: list[Name] = Field(default=[], max_length=MAX_REMOVALS, examples=[["onions"]])
    tax_rate: Name | None = Field(default=None, description="The name of one of the business's tax rates.")

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
            modifier_groups=[str(group.id) for group in item.groups],
            removals=list(item.removals),
            tax_rate=item.tax_rate.tax.name if item.tax_rate else None,
        )


class FileGroup(GroupTerms):
    """A modifier group in a file. Without an `id` it is the group of its name, or a new one."""

    id: UUID | None = None
    options: list[KeptOption] = Field(min_length=1, max_length=MAX_OPTIONS)

    @classmethod
    def of(cls, group: Group) -> FileGroup:
        return cls.model_construct(
            id=group.id,
            name=group.name,
            min_choices=group.min_choices,
            max_choices=group.max_choices,
            options=[
                KeptOption.model_construct(
                    id=option.id,
                    name=option.name,
                    aliases=list(option.aliases),
                    price_delta=Delta.model_construct(amount=option.delta.minor, currency=option.delta.currency),
                    available=option.available,
                )
                for option in group.options
            ],
        )


class CatalogueFile(Schema):
    """A catalogue. A later form of it has another `format_version`."""

    format: Literal["callwaiting.catalogue"] = "callwaiting.catalogue"
    format_version: Literal[1] = 1
    currency: Currency
    modifier_groups: list[FileGroup] | None = Field(default=None, max_length=MAX_ROWS)
    items: list[FileItem] = Field(max_length=MAX_ROWS)

    @classmethod
    def of(cls, items: Sequence[Item], groups: Sequence[Group], currency: str) -> CatalogueFile:
        return cls.model_construct(
            currency=currency,
            modifier_groups=[FileGroup.of(group) for group in groups],
            items=[FileItem.of(item) for item in items],
        )

    def group_rows(self) -> list[GroupRow] | None:
        """None when the file does not speak of groups."""
        if self.modifier_groups is None:
            return None
        return [
            GroupRow(
                f"catalogue.modifier_groups.{number}",
                group.id,
                group.name,
                group.min_choices,
                group.max_choices,
                [
                    OptionChange(
                        name=option.name,
                        delta_minor=option.price_delta.amount,
                        aliases=option.aliases,
                        available=option.available,
                        id=option.id,
                    )
                    for option in group.options
                ],
            )
            for number, group in enumerate(self.modifier_groups)
        ]

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
                    "removals": item.removals,
                },
                item.modifier_groups,
                item.tax_rate or "",
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
    groups_added: list[str] = Field(examples=[["Toppings"]])
    groups_changed: list[str] = Field(examples=[["Size"]])
    groups_removed: list[str] = Field(examples=[[]])
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
            groups_added=[group.name for group in plan.groups.added],
            groups_changed=[group.name for group in plan.groups.changed],
            groups_removed=[group.name for group in plan.groups.removed],
            version=version,
        )
