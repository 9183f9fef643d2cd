"""Taking in a whole catalogue: all of its rows, or none of them.

An item is known again by its id, and a row without one by the item's name. What a row does not say stays as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.catalogue.errors import ItemInvalid, KeyTaken
from callwaiting.features.catalogue.matching import Item
from callwaiting.features.catalogue.models import CatalogueItem
from callwaiting.features.catalogue.service import KEY_TAKEN, ItemChange, check_values, list_items

MAX_ROWS = 2000
MAX_NAMED = 50
COMPARED = ("name", "aliases", "price", "keypad", "available")


@dataclass(frozen=True, slots=True)
class Row:
    """One item of a file. `where` is the row as its refusal names it, as in `csv.7`; `values` holds what it says."""

    where: str
    id: UUID | None
    values: ItemChange


@dataclass(frozen=True, slots=True)
class Change:
    """One item as it was and as it will be."""

    before: Item
    after: Item

    def differences(self) -> Iterator[tuple[str, str, str]]:
        """Name, before and after of what differs, as text."""
        for name in COMPARED:
            was, will = getattr(self.before, name), getattr(self.after, name)
            if was != will:
                yield name, _shown(was), _shown(will)


@dataclass(slots=True)
class Plan:
    """What an import would do. New items without an id in the file have theirs already."""

    added: list[Item] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    removed: list[Item] = field(default_factory=list)
    unchanged: int = 0


def version_of(items: Sequence[Item]) -> int:
    """One number for the whole content of a catalogue: another content has another one, but for one in a thousand
    million. It needs no counter that every way of writing would have to raise."""
    content = [
        (str(item.id), item.name, item.aliases, item.price.minor, item.price.currency, item.keypad, item.available)
        for item in sorted(items, key=lambda item: item.id)
    ]
    return 1 + int.from_bytes(hashlib.sha256(orjson.dumps(content)).digest()[:8]) % 999_999_999


def take_in(
    session: Session, currency: str, rows: Sequence[Row], *, version: int, remove_missing: bool, dry_run: bool
) -> tuple[Plan, int]:
    """Bring the catalogue to what the rows say; returns what was done, and the catalogue's version then.

    With `remove_missing`, items that no row names are removed; else they stay. A `dry_run` changes nothing.
    Raises PreconditionFailed when the catalogue is not at `version` any more, ValidationFailed naming rows.
    """
    kept = select(CatalogueItem).order_by(CatalogueItem.id).with_for_update()
    present = {row.id: row for row in session.scalars(kept.execution_options(populate_existing=True))}
    items = list_items(session, currency)
    require_version(version_of(items), version)
    plan = planned(items, rows, currency, remove_missing=remove_missing)
    if dry_run:
        return plan, version
    _apply(session, plan, present)
    audit.record(
        session,
        "catalogue.imported",
        subject=f"merchant:{merchant_of(session)}",
        details={
            "added": len(plan.added),
            "changed": len(plan.changed),
            "removed": len(plan.removed),
            "unchanged": plan.unchanged,
        },
    )
    return plan, version_of(list_items(session, currency))


def planned(present: Sequence[Item], rows: Sequence[Row], currency: str, *, remove_missing: bool) -> Plan:
    """What the rows ask for. Raises ValidationFailed, which names every row that cannot be."""
    by_id = {item.id: item for item in present}
    by_name: dict[str, list[Item]] = {}
    for item in present:
        by_name.setdefault(item.name.casefold(), []).append(item)
    plan = Plan()
    wrong: list[FieldError] = []
    after = {} if remove_missing else dict(by_id)
    named: dict[UUID, str] = {}
    new_names: dict[str, str] = {}
    for row in rows:
        try:
            before = _known(row, by_id, by_name, new_names)
            item = _merged(row, before, currency)
            if item.id in named:
                raise _refused(row, "id" if row.id else "name", f"Is the item of {named[item.id]} again.")
        except ValidationFailed as refusal:
            wrong += refusal.fields
            continue
        named[item.id] = row.where
        after[item.id] = item
        if before is None:
            plan.added.append(item)
        elif any(getattr(before, name) != getattr(item, name) for name in COMPARED):
            plan.changed.append(Change(before, item))
        else:
            plan.unchanged += 1
    wrong += _keys_taken_twice(after.values(), named)
    if wrong:
        raise ValidationFailed(*wrong[:MAX_NAMED])
    plan.removed = [item for item in present if item.id not in after]
    if not remove_missing:
        plan.unchanged += sum(item.id not in named for item in present)
    return plan


def _known(row: Row, by_id: dict[UUID, Item], by_name: dict[str, list[Item]], new_names: dict[str, str]) -> Item | None:
    """The item that the row is about; None for a new one."""
    if row.id is not None:
        return by_id.get(row.id)
    name = row.values["name"].strip().casefold()
    found = by_name.get(name, [])
    if len(found) > 1:
        raise _refused(row, "name", "Several items have this name: give the id of the one that is meant.")
    if not found and name in new_names:
        raise _refused(row, "name", f"Is the item of {new_names[name]} again.")
    new_names[name] = row.where
    return found[0] if found else None


def _merged(row: Row, before: Item | None, currency: str) -> Item:
    values = row.values
    name = values["name"].strip()
    aliases = [alias.strip() for alias in values.get("aliases", before.aliases if before else ())]
    price_minor = values["price_minor"]
    keypad = values.get("keypad", before.keypad if before else None)
    try:
        check_values(name, aliases, price_minor, keypad)
    except ItemInvalid as error:
        found = (FieldError(f"{row.where}.{part.field.removesuffix('_minor')}", part.message) for part in error.fields)
        raise ValidationFailed(*found) from error
    return Item(
        id=row.id or (before.id if before else new_id()),
        name=name,
        aliases=tuple(aliases),
        price=Money(price_minor, currency),
        keypad=keypad,
        available=values.get("available", before.available if before else True),
    )


def _keys_taken_twice(items: Iterable[Item], named: dict[UUID, str]) -> list[FieldError]:
    """Items that no row names come first: of theirs no two have the same key, so the blame falls on a row."""
    taken: set[int] = set()
    wrong = []
    for item in sorted(items, key=lambda item: item.id in named):
        if item.keypad is not None and item.keypad in taken:
            wrong.append(FieldError(f"{named[item.id]}.keypad", KEY_TAKEN))
        if item.keypad is not None:
            taken.add(item.keypad)
    return wrong


def _apply(session: Session, plan: Plan, present: dict[UUID, CatalogueItem]) -> None:
    """Keys are given back before they are taken: two items may exchange theirs."""
    for item in plan.removed:
        session.delete(present[item.id])
        audit.record(session, "catalogue.item_removed", subject=f"item:{item.id}")
    for change in plan.changed:
        if change.before.keypad != change.after.keypad:
            present[change.before.id].keypad = None
    session.flush()
    for change in plan.changed:
        row, item = present[change.before.id], change.after
        row.name, row.aliases, row.price_minor = item.name, list(item.aliases), item.price.minor
        row.keypad, row.available = item.keypad, item.available
        row.version, row.updated_at = row.version + 1, clock.now()
        details = {"price_minor": item.price.minor, "available": item.available}
        audit.record(session, "catalogue.item_changed", subject=f"item:{item.id}", details=details)
    for item in plan.added:
        session.add(
            CatalogueItem(
                merchant_id=merchant_of(session),
                id=item.id,
                name=item.name,
                aliases=list(item.aliases),
                price_minor=item.price.minor,
                keypad=item.keypad,
                available=item.available,
            )
        )
        details = {"price_minor": item.price.minor}
        audit.record(session, "catalogue.item_added", subject=f"item:{item.id}", details=details)
    try:
        session.flush()
    except IntegrityError as error:  # somebody has added an item with this key meanwhile, whom our lock did not hold
        raise KeyTaken("while importing", message=KEY_TAKEN) from error


def _refused(row: Row, column: str, message: str) -> ValidationFailed:
    return ValidationFailed(FieldError(f"{row.where}.{column}", message))


def _shown(value: object) -> str:
    if isinstance(value, Money):
        return value.decimal()
    if isinstance(value, tuple):
        return ", ".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
