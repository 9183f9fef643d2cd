"""`/api/v1/catalogue/items`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode, FieldError, ValidationFailed
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page
from callwaiting.features.catalogue import service
from callwaiting.features.catalogue.schemas import ItemBody, ItemFace, ItemQuery
from callwaiting.features.catalogue.service import ItemChange
from callwaiting.features.merchants import service as merchants

api = Api("catalogue")
ITEM = "/catalogue/items/<uuid:item_id>"


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


def _values(body: ItemBody, currency: str) -> ItemChange:
    if body.price.currency != currency:
        raise ValidationFailed(FieldError("price.currency", f"Must be {currency}."))
    return {
        "name": body.name,
        "price_minor": body.price.amount,
        "keypad": body.keypad,
        "aliases": body.aliases,
        "available": body.available,
    }
