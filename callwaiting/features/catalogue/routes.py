"""`/api/v1/catalogue`: items, and the groups of options that they may share."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode, FieldError, ValidationFailed
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.catalogue import groups, service
from callwaiting.features.catalogue.groups import OptionChange
from callwaiting.features.catalogue.schemas import (
    GroupBody,
    GroupFace,
    ItemBody,
    ItemFace,
    ItemQuery,
    KeptOption,
    NewGroup,
)
from callwaiting.features.catalogue.service import ItemChange
from callwaiting.features.merchants import service as merchants

api = Api("catalogue")
ITEM = "/catalogue/items/<uuid:item_id>"
GROUP = "/catalogue/modifier-groups/<uuid:group_id>"


@api.get("/catalogue/items", requires="catalogue.read", query=ItemQuery, answers=Page[ItemFace])
def by_name(session: Session, query: ItemQuery) -> Page[ItemFace]:
    """What the business sells, by name."""
    currency = merchants.profile(session).currency
    after = query.position(str, UUID)
    rows = service.items_by_name(session, currency, available=query.available, after=after, limit=query.limit + 1)
    return Page[ItemFace].of([ItemFace.of(row) for row in rows], query, key=lambda item: (item.name, item.id))


@api.post(
    "/catalogue/items",
    requires="catalogue.write",
    body=ItemBody,
    answers=ItemFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add(session: Session, body: ItemBody) -> ItemFace:
    """Add an item. 409 when another one has its digit in the phone menu."""
    currency = merchants.profile(session).currency
    item_id = service.add_item(session, **_values(body, currency))
    return ItemFace.of(service.item(session, item_id, currency))


@api.get(ITEM, requires="catalogue.read", answers=ItemFace)
def one(session: Session, item_id: UUID) -> ItemFace:
    """One item."""
    return ItemFace.of(service.item(session, item_id, merchants.profile(session).currency))


@api.put(ITEM, requires="catalogue.write", body=ItemBody, answers=ItemFace, refuses=[ErrorCode.CONFLICT])
def change(session: Session, item_id: UUID, body: ItemBody, version: int) -> ItemFace:
    """Change an item as a whole. Orders that were placed keep their prices."""
    currency = merchants.profile(session).currency
    service.update_item(session, item_id, version=version, **_values(body, currency))
    return ItemFace.of(service.item(session, item_id, currency))


@api.delete(ITEM, requires="catalogue.write", if_match=True)
def remove(session: Session, item_id: UUID, version: int) -> None:
    """Remove an item for good. Orders that were placed keep its name and price."""
    service.remove_item(session, item_id, version)


@api.get("/catalogue/modifier-groups", requires="catalogue.read", query=PageQuery, answers=Page[GroupFace])
def all_groups(session: Session, query: PageQuery) -> Page[GroupFace]:
    """Groups of options, by name."""
    currency = merchants.profile(session).currency
    rows = groups.groups_by_name(session, currency, after=query.position(str, UUID), limit=query.limit + 1)
    return Page[GroupFace].of([GroupFace.of(row) for row in rows], query, key=lambda group: (group.name, group.id))


@api.post("/catalogue/modifier-groups", requires="catalogue.write", body=NewGroup, answers=GroupFace, status=201)
def add_group(session: Session, body: NewGroup) -> GroupFace:
    """Add a group of options; items name it to use it."""
    currency = merchants.profile(session).currency
    group_id = groups.add_group(
        session,
        currency,
        name=body.name,
        min_choices=body.min_choices,
        max_choices=body.max_choices,
        options=_options(body, currency),
    )
    return GroupFace.of(groups.group(session, group_id, currency))


@api.get(GROUP, requires="catalogue.read", answers=GroupFace)
def one_group(session: Session, group_id: UUID) -> GroupFace:
    """One group with its options."""
    return GroupFace.of(groups.group(session, group_id, merchants.profile(session).currency))


@api.put(GROUP, requires="catalogue.write", body=GroupBody, answers=GroupFace)
def change_group(session: Session, group_id: UUID, body: GroupBody, version: int) -> GroupFace:
    """Change a group as a whole. Options that are not named are gone; orders that were placed keep what they have."""
    currency = merchants.profile(session).currency
    groups.change_group(
        session,
        currency,
        group_id,
        version=version,
        name=body.name,
        min_choices=body.min_choices,
        max_choices=body.max_choices,
        options=_options(body, currency),
    )
    return GroupFace.of(groups.group(session, group_id, currency))


@api.delete(GROUP, requires="catalogue.write", if_match=True, refuses=[ErrorCode.CONFLICT])
def remove_group(session: Session, group_id: UUID, version: int) -> None:
    """Remove a group for good. 409 while items use it."""
    groups.remove_group(session, group_id, version)


def _values(body: ItemBody, currency: str) -> ItemChange:
    if body.price.currency != currency:
        raise ValidationFailed(FieldError("price.currency", f"Must be {currency}."))
    return {
        "name": body.name,
        "price_minor": body.price.amount,
        "keypad": body.keypad,
        "aliases": body.aliases,
        "available": body.available,
        "group_ids": body.modifier_groups,
        "removals": body.removals,
        "tax_rate_id": body.tax_rate_id,
    }


def _options(body: NewGroup | GroupBody, currency: str) -> list[OptionChange]:
    for place, option in enumerate(body.options):
        if option.price_delta.currency != currency:
            raise ValidationFailed(FieldError(f"options.{place}.price_delta.currency", f"Must be {currency}."))
    return [
        OptionChange(
            name=option.name,
            delta_minor=option.price_delta.amount,
            aliases=option.aliases,
            available=option.available,
            id=option.id if isinstance(option, KeptOption) else None,
        )
        for option in body.options
    ]
