"""What a merchant sells: items with their prices, and how a caller names them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.catalogue.errors import ItemInvalid, ItemNotFound, KeyTaken
from callwaiting.features.catalogue.matching import Item, Match, part_match, whole_match
from callwaiting.features.catalogue.models import CatalogueItem
from callwaiting.features.catalogue.words import words_of

__all__ = [
    "Item",
    "Match",
    "add_item",
    "items_by_id",
    "list_items",
    "menu",
    "part_match",
    "update_item",
    "whole_match",
    "words_of",
]

MAX_NAME = 60
MAX_ALIASES = 20
MAX_PRICE_MINOR = 99_999_999  # Stripe takes no more than eight digits


def add_item(
    session: Session,
    *,
    name: str,
    price_minor: int,
    keypad: int | None = None,
    aliases: Sequence[str] = (),
    available: bool = True,
) -> UUID:
    """Add an item; `price_minor` is in minor units of the merchant's currency.

    Raises ItemInvalid, KeyTaken.
    """
    name, aliases = name.strip(), [alias.strip() for alias in aliases]
    _check(name, aliases, price_minor, keypad)
    _check_key(session, keypad, None)
    row = CatalogueItem(
        merchant_id=merchant_of(session),
        name=name,
        aliases=aliases,
        price_minor=price_minor,
        keypad=keypad,
        available=available,
    )
    session.add(row)
    session.flush()
    audit.record(session, "catalogue.item_added", subject=f"item:{row.id}", details={"price_minor": price_minor})
    return row.id


def update_item(
    session: Session,
    item_id: UUID,
    *,
    name: str | None = None,
    price_minor: int | None = None,
    keypad: int | None = None,
    aliases: Sequence[str] | None = None,
    available: bool | None = None,
) -> None:
    """Change what is given; None leaves a value as it is. Orders that were placed keep their prices.

    Raises ItemNotFound, ItemInvalid, KeyTaken.
    """
    row = session.scalar(select(CatalogueItem).where(CatalogueItem.id == item_id).with_for_update())
    if row is None:
        raise ItemNotFound(str(item_id))
    name = row.name if name is None else name.strip()
    aliases = row.aliases if aliases is None else [alias.strip() for alias in aliases]
    price_minor = row.price_minor if price_minor is None else price_minor
    keypad = row.keypad if keypad is None else keypad
    _check(name, aliases, price_minor, keypad)
    _check_key(session, keypad, item_id)
    row.name, row.aliases, row.price_minor, row.keypad = name, list(aliases), price_minor, keypad
    row.available = row.available if available is None else available
    row.updated_at = func.now()
    session.flush()
    audit.record(
        session,
        "catalogue.item_changed",
        subject=f"item:{item_id}",
        details={"price_minor": row.price_minor, "available": row.available},
    )


def list_items(session: Session, currency: str) -> tuple[Item, ...]:
    """All items, in the order of the phone menu: by key, those without a key by name."""
    rows = session.scalars(select(CatalogueItem).order_by(CatalogueItem.keypad.nulls_last(), CatalogueItem.name))
    return tuple(_item(row, currency) for row in rows)


def menu(session: Session, currency: str) -> tuple[Item, ...]:
    """What can be ordered now, in the order of the phone menu."""
    return tuple(item for item in list_items(session, currency) if item.available)


def items_by_id(session: Session, item_ids: Collection[UUID], currency: str) -> dict[UUID, Item]:
    """The items that exist among `item_ids`, available or not, with their present prices."""
    rows = session.scalars(
        select(CatalogueItem).where(CatalogueItem.id.in_(item_ids)).execution_options(populate_existing=True)
    )
    return {row.id: _item(row, currency) for row in rows}


def _item(row: CatalogueItem, currency: str) -> Item:
    return Item(
        id=row.id,
        name=row.name,
        aliases=tuple(row.aliases),
        price=Money(row.price_minor, currency),
        keypad=row.keypad,
        available=row.available,
    )


def _check(name: str, aliases: Sequence[str], price_minor: int, keypad: int | None) -> None:
    wrong = []
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or not words_of(name):
        wrong.append(FieldError("name", f"must be 1 to {MAX_NAME} printable characters with at least one word"))
    if len(aliases) > MAX_ALIASES or not all(0 < len(alias) <= MAX_NAME and alias.isprintable() for alias in aliases):
        wrong.append(FieldError("aliases", f"at most {MAX_ALIASES}, each of 1 to {MAX_NAME} printable characters"))
    if not 0 <= price_minor <= MAX_PRICE_MINOR:
        wrong.append(FieldError("price_minor", f"must be between 0 and {MAX_PRICE_MINOR}"))
    if keypad is not None and not 1 <= keypad <= 9:
        wrong.append(FieldError("keypad", "must be a digit from 1 to 9"))
    if wrong:
        raise ItemInvalid(fields=wrong)


def _check_key(session: Session, keypad: int | None, own_id: UUID | None) -> None:
    """Two at once are stopped by the unique constraint; this names the error for everybody else."""
    if keypad is None:
        return
    holder = session.scalar(select(CatalogueItem.id).where(CatalogueItem.keypad == keypad))
    if holder is not None and holder != own_id:
        raise KeyTaken(f"key {keypad}")
