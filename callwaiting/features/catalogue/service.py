"""What a merchant sells: items with their prices, and how a caller names them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TypedDict, Unpack
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.catalogue import groups
from callwaiting.features.catalogue.errors import ItemInvalid, ItemNotFound, KeyTaken
from callwaiting.features.catalogue.groups import MAX_ALIASES, MAX_NAME, OptionChange, add_group
from callwaiting.features.catalogue.matching import Item, Match, Named, part_match, whole_match
from callwaiting.features.catalogue.models import CatalogueItem
from callwaiting.features.catalogue.values import Group, Option
from callwaiting.features.catalogue.words import singular, words_of
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Rate

__all__ = [
    "Group",
    "Item",
    "Match",
    "Named",
    "Option",
    "OptionChange",
    "add_group",
    "add_item",
    "check_removals",
    "check_values",
    "item",
    "items_by_id",
    "items_by_name",
    "list_items",
    "menu",
    "part_match",
    "remove_item",
    "singular",
    "update_item",
    "whole_match",
    "words_of",
]

MAX_REMOVALS = 20
MAX_PRICE_MINOR = 99_999_999  # Stripe takes no more than eight digits
KEY_TAKEN = "Another item has this digit in the phone menu."


class ItemChange(TypedDict, total=False):
    """What can be changed about an item; `keypad` None takes its key away, `tax_rate_id` None
    lets the business's default rate hold."""

    name: str
    price_minor: int
    keypad: int | None
    aliases: Sequence[str]
    available: bool
    group_ids: Sequence[UUID]
    removals: Sequence[str]
    tax_rate_id: UUID | None


def add_item(
    session: Session,
    *,
    name: str,
    price_minor: int,
    keypad: int | None = None,
    aliases: Sequence[str] = (),
    available: bool = True,
    group_ids: Sequence[UUID] = (),
    removals: Sequence[str] = (),
    tax_rate_id: UUID | None = None,
) -> UUID:
    """Add an item; `price_minor` is in minor units of the merchant's currency.

    Raises ItemInvalid, ValidationFailed, KeyTaken.
    """
    name, aliases = name.strip(), [alias.strip() for alias in aliases]
    removals = [removal.strip() for removal in removals]
    check_values(name, aliases, price_minor, keypad)
    check_removals(removals)
    merchants.require_usable(session, tax_rate_id)
    _check_key(session, keypad, None)
    row = CatalogueItem(
        merchant_id=merchant_of(session),
        name=name,
        aliases=aliases,
        price_minor=price_minor,
        keypad=keypad,
        available=available,
        removals=removals,
        tax_rate_id=tax_rate_id,
    )
    session.add(row)
    _write(session, row)
    groups.attach(session, row.id, group_ids)
    audit.record(session, "catalogue.item_added", subject=f"item:{row.id}", details={"price_minor": price_minor})
    return row.id


def update_item(session: Session, item_id: UUID, *, version: int | None = None, **change: Unpack[ItemChange]) -> None:
    """Change what is given. Orders that were placed keep their prices. Without `version`, whatever it is.

    Raises ItemNotFound, PreconditionFailed, ItemInvalid, ValidationFailed, KeyTaken.
    """
    row = _locked(session, item_id, version)
    name = change.get("name", row.name).strip()
    aliases = [alias.strip() for alias in change.get("aliases", row.aliases)]
    price_minor, keypad = change.get("price_minor", row.price_minor), change.get("keypad", row.keypad)
    removals = [removal.strip() for removal in change.get("removals", row.removals)]
    check_values(name, aliases, price_minor, keypad)
    check_removals(removals)
    merchants.require_usable(session, change.get("tax_rate_id"), row.tax_rate_id)
    _check_key(session, keypad, item_id)
    row.removals = removals
    row.tax_rate_id = change.get("tax_rate_id", row.tax_rate_id)
    row.name, row.aliases, row.price_minor, row.keypad = name, aliases, price_minor, keypad
    row.available = change.get("available", row.available)
    row.version, row.updated_at = row.version + 1, clock.now()
    _write(session, row)
    if "group_ids" in change:
        groups.attach(session, item_id, change["group_ids"])
    audit.record(
        session,
        "catalogue.item_changed",
        subject=f"item:{item_id}",
        details={"price_minor": row.price_minor, "available": row.available},
    )


def remove_item(session: Session, item_id: UUID, version: int) -> None:
    """Take an item off for good. Orders that were placed keep its name and price.

    Raises ItemNotFound, PreconditionFailed.
    """
    session.delete(_locked(session, item_id, version))
    session.flush()
    audit.record(session, "catalogue.item_removed", subject=f"item:{item_id}")


def item(session: Session, item_id: UUID, currency: str) -> Item:
    """Raises ItemNotFound."""
    found = items_by_id(session, [item_id], currency)
    if item_id not in found:
        raise ItemNotFound(str(item_id))
    return found[item_id]


def items_by_name(
    session: Session, currency: str, *, available: bool | None, after: tuple[str, UUID] | None, limit: int
) -> list[Item]:
    """Items by name and id; those after the given one. `available` narrows them down."""
    query = select(CatalogueItem).order_by(CatalogueItem.name, CatalogueItem.id).limit(limit)
    if available is not None:
        query = query.where(CatalogueItem.available.is_(available))
    if after is not None:
        query = query.where(tuple_(CatalogueItem.name, CatalogueItem.id) > after)
    return list(_items(session, session.scalars(query).all(), currency))


def list_items(session: Session, currency: str) -> tuple[Item, ...]:
    """All items, in the order of the phone menu: by key, those without a key by name."""
    rows = session.scalars(select(CatalogueItem).order_by(CatalogueItem.keypad.nulls_last(), CatalogueItem.name))
    return _items(session, rows.all(), currency, every=True)


def menu(session: Session, currency: str) -> tuple[Item, ...]:
    """What can be ordered now, in the order of the phone menu."""
    return tuple(item for item in list_items(session, currency) if item.available)


def items_by_id(session: Session, item_ids: Collection[UUID], currency: str) -> dict[UUID, Item]:
    """The items that exist among `item_ids`, available or not, with their present prices."""
    rows = session.scalars(
        select(CatalogueItem).where(CatalogueItem.id.in_(item_ids)).execution_options(populate_existing=True)
    )
    return {found.id: found for found in _items(session, rows.all(), currency)}


def _items(session: Session, rows: Sequence[CatalogueItem], currency: str, *, every: bool = False) -> tuple[Item, ...]:
    """The items with their groups. `every`: these are all items."""
    if not rows:
        return ()
    asked = groups.of_items(session, currency, None if every else [row.id for row in rows])
    # Rates are never deleted, so each is there.
    known = merchants.rates_by_id(session) if any(row.tax_rate_id for row in rows) else {}
    return tuple(
        _item(row, currency, asked.get(row.id, ()), known[row.tax_rate_id] if row.tax_rate_id else None) for row in rows
    )


def _item(row: CatalogueItem, currency: str, asked: Sequence[Group], tax_rate: Rate | None) -> Item:
    return Item(
        id=row.id,
        name=row.name,
        aliases=tuple(row.aliases),
        price=Money(row.price_minor, currency),
        keypad=row.keypad,
        available=row.available,
        version=row.version,
        groups=tuple(asked),
        removals=tuple(row.removals),
        tax_rate=tax_rate,
    )


def _locked(session: Session, item_id: UUID, version: int | None) -> CatalogueItem:
    row = session.scalar(
        select(CatalogueItem)
        .where(CatalogueItem.id == item_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise ItemNotFound(str(item_id))
    if version is not None:
        require_version(row.version, version)
    return row


def _write(session: Session, row: CatalogueItem) -> None:
    """Of two that take a key at once, the unique constraint lets in one."""
    try:
        session.flush()
    except IntegrityError as error:
        raise KeyTaken(f"key {row.keypad}", message=KEY_TAKEN) from error


def check_values(name: str, aliases: Sequence[str], price_minor: int, keypad: int | None) -> None:
    """Raises ItemInvalid when an item cannot have these."""
    wrong = []
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or not words_of(name):
        wrong.append(FieldError("name", f"Must be 1 to {MAX_NAME} printable characters with at least one word."))
    if len(aliases) > MAX_ALIASES or not all(0 < len(alias) <= MAX_NAME and alias.isprintable() for alias in aliases):
        wrong.append(FieldError("aliases", f"At most {MAX_ALIASES}, each of 1 to {MAX_NAME} printable characters."))
    if not 0 <= price_minor <= MAX_PRICE_MINOR:
        wrong.append(FieldError("price_minor", f"Must be between 0 and {MAX_PRICE_MINOR}."))
    if keypad is not None and not 1 <= keypad <= 9:
        wrong.append(FieldError("keypad", "Must be a digit from 1 to 9."))
    if wrong:
        raise ItemInvalid(fields=wrong)


def check_removals(removals: Sequence[str]) -> None:
    """Raises ItemInvalid when they cannot be left out."""
    fitting = all(0 < len(name) <= MAX_NAME and name.isprintable() and words_of(name) for name in removals)
    if len(removals) > MAX_REMOVALS or not fitting:
        problem = f"At most {MAX_REMOVALS}, each of 1 to {MAX_NAME} printable characters with a word."
        raise ItemInvalid(fields=[FieldError("removals", problem)])


def _check_key(session: Session, keypad: int | None, own_id: UUID | None) -> None:
    """What `_write` would find too, but without breaking the transaction."""
    if keypad is None:
        return
    holder = session.scalar(select(CatalogueItem.id).where(CatalogueItem.keypad == keypad))
    if holder is not None and holder != own_id:
        raise KeyTaken(f"key {keypad}", message=KEY_TAKEN)
