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
from callwaiting.features.catalogue.groups import MAX_GROUPS, attach, groups_by_name
from callwaiting.features.catalogue.importing_groups import (
    GroupPlan,
    GroupRow,
    content_of,
    drop_groups,
    locked_groups,
    planned_groups,
    write_groups,
)
from callwaiting.features.catalogue.matching import Item
from callwaiting.features.catalogue.models import CatalogueItem
from callwaiting.features.catalogue.service import KEY_TAKEN, ItemChange, check_removals, check_values, list_items
from callwaiting.features.catalogue.values import Group
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Rate

MAX_ROWS = 2000
MAX_NAMED = 50
COMPARED = ("name", "aliases", "price", "keypad", "available", "groups", "removals", "tax_rate")


@dataclass(frozen=True, slots=True)
class Row:
    """One item of a file. `where` is the row as its refusal names it, as in `csv.7`; `values` holds what it says, and
    `groups` the ids or names of the groups that it asks (None: not said), `tax_rate` the name of its rate (empty: the
    business's default, None: not said)."""

    where: str
    id: UUID | None
    values: ItemChange
    groups: Sequence[str] | None = None
    tax_rate: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One item as it was and as it will be."""

    before: Item
    after: Item

    def differences(self) -> Iterator[tuple[str, str, str]]:
        """Name, before and after of what differs, as text."""
        for name in COMPARED:
            was, will = _fact(self.before, name), _fact(self.after, name)
            if was != will:
                yield name, _shown(getattr(self.before, name)), _shown(getattr(self.after, name))


@dataclass(slots=True)
class Plan:
    """What an import would do. New items without an id in the file have theirs already."""

    added: list[Item] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    removed: list[Item] = field(default_factory=list)
    unchanged: int = 0
    groups: GroupPlan = field(default_factory=GroupPlan)


def version_of(items: Sequence[Item], groups: Sequence[Group]) -> int:
    """One number for the whole content of a catalogue: another content has another one, but for one in a thousand
    million. It needs no counter that every way of writing would have to raise."""
    content = [
        [(item.id, *(_fact(item, name) for name in COMPARED)) for item in sorted(items, key=lambda item: item.id)],
        [(group.id, *content_of(group)) for group in sorted(groups, key=lambda group: group.id)],
    ]
    return 1 + int.from_bytes(hashlib.sha256(orjson.dumps(content)).digest()[:8]) % 999_999_999


def all_groups(session: Session, currency: str) -> list[Group]:
    """Every modifier group of the merchant, asked by an item or not."""
    return groups_by_name(session, currency, after=None, limit=MAX_ROWS)


def take_in(
    session: Session,
    currency: str,
    rows: Sequence[Row],
    groups: Sequence[GroupRow] | None,
    *,
    version: int,
    remove_missing: bool,
    dry_run: bool,
) -> tuple[Plan, int]:
    """Bring the catalogue to what the rows say; returns what was done, and the catalogue's version then.

    With `remove_missing`, items that no row names are removed, and groups that neither the file nor an item names; else
    they stay. Without `groups` none is touched. A `dry_run` changes nothing.
    Raises PreconditionFailed when the catalogue is not at `version` any more, ValidationFailed naming rows.
    """
    kept = select(CatalogueItem).order_by(CatalogueItem.id).with_for_update()
    present = {row.id: row for row in session.scalars(kept.execution_options(populate_existing=True))}
    locked_groups(session)
    items, asked = list_items(session, currency), all_groups(session, currency)
    require_version(version_of(items, asked), version)
    plan = planned(
        items,
        rows,
        currency,
        remove_missing=remove_missing,
        groups=asked,
        group_rows=groups,
        rates=list(merchants.rates_by_id(session).values()),
    )
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
    return plan, version_of(list_items(session, currency), all_groups(session, currency))


def planned(
    present: Sequence[Item],
    rows: Sequence[Row],
    currency: str,
    *,
    remove_missing: bool,
    groups: Sequence[Group] = (),
    group_rows: Sequence[GroupRow] | None = None,
    rates: Sequence[Rate] = (),
) -> Plan:
    """What the rows ask for. Raises ValidationFailed, which names every row that cannot be."""
    by_id = {item.id: item for item in present}
    by_name: dict[str, list[Item]] = {}
    for item in present:
        by_name.setdefault(item.name.casefold(), []).append(item)
    plan = Plan(groups=planned_groups(groups, group_rows or (), currency))
    wrong: list[FieldError] = []
    after = {} if remove_missing else dict(by_id)
    named: dict[UUID, str] = {}
    new_names: dict[str, str] = {}
    for row in rows:
        try:
            before = _known(row, by_id, by_name, new_names)
            item = _merged(row, before, currency, plan.groups, rates)
            if item.id in named:
                raise _refused(row, "id" if row.id else "name", f"Is the item of {named[item.id]} again.")
        except ValidationFailed as refusal:
            wrong += refusal.fields
            continue
        named[item.id] = row.where
        after[item.id] = item
        if before is None:
            plan.added.append(item)
        elif any(_fact(before, name) != _fact(item, name) for name in COMPARED):
            plan.changed.append(Change(before, item))
        else:
            plan.unchanged += 1
    wrong += _keys_taken_twice(after.values(), named)
    if wrong:
        raise ValidationFailed(*wrong[:MAX_NAMED])
    plan.removed = [item for item in present if item.id not in after]
    if remove_missing and group_rows is not None:
        in_file = {group.id for group in (*plan.groups.added, *plan.groups.changed)}
        in_file |= {row.id for row in group_rows if row.id} | {
            group.id for group in groups for row in group_rows if row.name.strip().casefold() == group.name.casefold()
        }
        plan.groups.remove_unused(in_file, (group.id for item in after.values() for group in item.groups))
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


def _merged(row: Row, before: Item | None, currency: str, groups: GroupPlan, rates: Sequence[Rate]) -> Item:
    values = row.values
    name = values["name"].strip()
    aliases = [alias.strip() for alias in values.get("aliases", before.aliases if before else ())]
    price_minor = values["price_minor"]
    keypad = values.get("keypad", before.keypad if before else None)
    removals = [removal.strip() for removal in values.get("removals", before.removals if before else ())]
    try:
        check_values(name, aliases, price_minor, keypad)
        check_removals(removals)
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
        groups=_asked(row, before, groups),
        removals=tuple(removals),
        tax_rate=_taxed(row, before, rates),
    )


def _taxed(row: Row, before: Item | None, rates: Sequence[Rate]) -> Rate | None:
    own = before.tax_rate if before else None
    wanted = None if row.tax_rate is None else row.tax_rate.strip()
    if wanted is None or (own is not None and own.tax.name.casefold() == wanted.casefold()):
        return own
    usable = [rate for rate in rates if not rate.archived]
    for rate in usable:
        if rate.tax.name.casefold() == wanted.casefold():
            return rate
    if wanted:
        known = ", ".join(rate.tax.name for rate in usable) or "none"
        raise _refused(row, "tax_rate", f"No tax rate has this name. There are: {known}.")
    return None


def _asked(row: Row, before: Item | None, groups: GroupPlan) -> tuple[Group, ...]:
    if row.groups is None:
        return tuple(groups.after[group.id] for group in before.groups) if before else ()
    try:
        asked = tuple(groups.meant(reference) for reference in row.groups)
    except LookupError as error:
        raise _refused(row, "modifier_groups", str(error)) from error
    if len({group.id for group in asked}) != len(asked) or len(asked) > MAX_GROUPS:
        raise _refused(row, "modifier_groups", f"At most {MAX_GROUPS}, each once.")
    return asked


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
    """Keys are given back before they are taken: two items may exchange theirs. Groups are there before items ask
    them, and are gone after nobody does."""
    write_groups(session, plan.groups)
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
        row.removals, row.tax_rate_id = list(item.removals), _rate_id(item)
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
                removals=list(item.removals),
                tax_rate_id=_rate_id(item),
            )
        )
        details = {"price_minor": item.price.minor}
        audit.record(session, "catalogue.item_added", subject=f"item:{item.id}", details=details)
    try:
        session.flush()
    except IntegrityError as error:  # somebody has added an item with this key meanwhile, whom our lock did not hold
        raise KeyTaken("while importing", message=KEY_TAKEN) from error
    for item in plan.added:
        if item.groups:
            attach(session, item.id, [group.id for group in item.groups])
    for change in plan.changed:
        if _fact(change.before, "groups") != _fact(change.after, "groups"):
            attach(session, change.after.id, [group.id for group in change.after.groups])
    drop_groups(session, plan.groups)


def _refused(row: Row, column: str, message: str) -> ValidationFailed:
    return ValidationFailed(FieldError(f"{row.where}.{column}", message))


def _fact(item: Item, name: str) -> object:
    """What an item says in plain values. A group or a rate that changes by itself does not change the items that have
    it."""
    if name == "groups":
        return tuple(group.id for group in item.groups)
    if name == "tax_rate":
        return _rate_id(item)
    return getattr(item, name)


def _rate_id(item: Item) -> UUID | None:
    return item.tax_rate.id if item.tax_rate else None


def _shown(value: object) -> str:
    if isinstance(value, Rate):
        return value.tax.name
    if isinstance(value, Money):
        return value.decimal()
    if isinstance(value, tuple):
        return ", ".join(part.name if isinstance(part, Group) else str(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
