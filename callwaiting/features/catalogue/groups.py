"""Modifier groups: the questions about an item, such as its size, and what may be answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money, step_of
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.catalogue.errors import GroupInUse, GroupInvalid, GroupNotFound, ItemInvalid
from callwaiting.features.catalogue.models import ItemModifierGroup, ModifierGroup, ModifierOption
from callwaiting.features.catalogue.values import Group, Option
from callwaiting.features.catalogue.words import words_of

MAX_NAME = 60
MAX_ALIASES = 20
MAX_OPTIONS = 30
MAX_CHOICES = 20
MAX_GROUPS = 10
MAX_DELTA_MINOR = 9_999_999
IN_USE = "Items use this group. Take it off them first."


@dataclass(frozen=True, slots=True)
class OptionChange:
    """An option as it shall be. `id` None is a new one; `delta_minor` is in minor units of the merchant's currency."""

    name: str
    delta_minor: int = 0
    aliases: Sequence[str] = ()
    available: bool = True
    id: UUID | None = None


def add_group(
    session: Session,
    currency: str,
    *,
    name: str,
    min_choices: int,
    max_choices: int,
    options: Sequence[OptionChange],
) -> UUID:
    """Add a group; items name it to use it. Raises GroupInvalid."""
    name = name.strip()
    check_group(name, min_choices, max_choices, options, currency)
    row = ModifierGroup(
        merchant_id=merchant_of(session), id=new_id(), name=name, min_choices=min_choices, max_choices=max_choices
    )
    session.add(row)
    session.flush()
    _write_options(session, row.id, options)
    audit.record(
        session, "catalogue.group_added", subject=f"modifier_group:{row.id}", details={"options": len(options)}
    )
    return row.id


def change_group(
    session: Session,
    currency: str,
    group_id: UUID,
    *,
    version: int,
    name: str,
    min_choices: int,
    max_choices: int,
    options: Sequence[OptionChange],
) -> None:
    """Change a group as a whole: options that are not named are gone, those with an `id` keep it.

    Orders that were placed keep names and prices. Raises GroupNotFound, PreconditionFailed, GroupInvalid.
    """
    row = _locked(session, group_id, version)
    name = name.strip()
    check_group(name, min_choices, max_choices, options, currency)
    row.name, row.min_choices, row.max_choices = name, min_choices, max_choices
    row.version, row.updated_at = row.version + 1, clock.now()
    session.flush()
    _write_options(session, group_id, options)
    audit.record(
        session, "catalogue.group_changed", subject=f"modifier_group:{group_id}", details={"options": len(options)}
    )


def remove_group(session: Session, group_id: UUID, version: int) -> None:
    """Remove a group for good. Raises GroupNotFound, PreconditionFailed, GroupInUse."""
    row = _locked(session, group_id, version)
    if session.scalar(select(ItemModifierGroup.id).where(ItemModifierGroup.group_id == group_id).limit(1)):
        raise GroupInUse(str(group_id), message=IN_USE)
    session.delete(row)
    session.flush()
    audit.record(session, "catalogue.group_removed", subject=f"modifier_group:{group_id}")


def group(session: Session, group_id: UUID, currency: str) -> Group:
    """Raises GroupNotFound."""
    row = session.scalar(select(ModifierGroup).where(ModifierGroup.id == group_id))
    if row is None:
        raise GroupNotFound(str(group_id))
    return _groups(session, [row], currency)[0]


def groups_by_name(session: Session, currency: str, *, after: tuple[str, UUID] | None, limit: int) -> list[Group]:
    """Groups by name and id; those after the given one."""
    query = select(ModifierGroup).order_by(ModifierGroup.name, ModifierGroup.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(ModifierGroup.name, ModifierGroup.id) > after)
    return _groups(session, session.scalars(query).all(), currency)


def of_items(session: Session, currency: str, item_ids: Collection[UUID] | None = None) -> dict[UUID, list[Group]]:
    """The groups of each item that has any, in their order; of these items, or of all."""
    query = (
        select(ItemModifierGroup.item_id, ModifierGroup)
        .join(ModifierGroup, ModifierGroup.id == ItemModifierGroup.group_id)
        .order_by(ItemModifierGroup.item_id, ItemModifierGroup.position)
        .execution_options(populate_existing=True)
    )
    if item_ids is not None:
        query = query.where(ItemModifierGroup.item_id.in_(item_ids))
    rows = session.execute(query).all()
    if not rows:
        return {}
    known = {found.id: found for found in _groups(session, list({row[1] for row in rows}), currency)}
    found: dict[UUID, list[Group]] = {}
    for item_id, row in rows:
        found.setdefault(item_id, []).append(known[row.id])
    return found


def attach(session: Session, item_id: UUID, group_ids: Sequence[UUID]) -> None:
    """Let an item, which the caller has locked, ask these groups' questions and no others. Raises ItemInvalid."""
    known = set(session.scalars(select(ModifierGroup.id).where(ModifierGroup.id.in_(group_ids)).with_for_update()))
    wrong = [place for place, group_id in enumerate(group_ids) if group_id not in known]
    if wrong or len(set(group_ids)) != len(group_ids) or len(group_ids) > MAX_GROUPS:
        field = f"modifier_groups.{wrong[0]}" if wrong else "modifier_groups"
        raise ItemInvalid(fields=[FieldError(field, f"At most {MAX_GROUPS} groups that exist, each once.")])
    session.execute(delete(ItemModifierGroup).where(ItemModifierGroup.item_id == item_id))
    session.add_all(
        ItemModifierGroup(
            merchant_id=merchant_of(session), id=new_id(), item_id=item_id, group_id=group_id, position=place
        )
        for place, group_id in enumerate(group_ids)
    )
    session.flush()


def _groups(session: Session, rows: Sequence[ModifierGroup], currency: str) -> list[Group]:
    options: dict[UUID, list[Option]] = {row.id: [] for row in rows}
    query = (
        select(ModifierOption)
        .where(ModifierOption.group_id.in_(options))
        .order_by(ModifierOption.group_id, ModifierOption.position)
        .execution_options(populate_existing=True)
    )
    for option in session.scalars(query):
        options[option.group_id].append(
            Option(
                id=option.id,
                name=option.name,
                aliases=tuple(option.aliases),
                delta=Money(option.price_delta_minor, currency),
                available=option.available,
            )
        )
    return [
        Group(row.id, row.name, row.min_choices, row.max_choices, tuple(options[row.id]), row.version) for row in rows
    ]


def _locked(session: Session, group_id: UUID, version: int) -> ModifierGroup:
    row = session.scalar(
        select(ModifierGroup)
        .where(ModifierGroup.id == group_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise GroupNotFound(str(group_id))
    require_version(row.version, version)
    return row


def _write_options(session: Session, group_id: UUID, options: Sequence[OptionChange]) -> None:
    """The group is locked. Options keep their ids, so that a cart of a call that goes on still means the same."""
    rows = {row.id: row for row in session.scalars(select(ModifierOption).where(ModifierOption.group_id == group_id))}
    kept = {option.id for option in options if option.id is not None}
    if unknown := [place for place, option in enumerate(options) if option.id is not None and option.id not in rows]:
        raise GroupInvalid(fields=[FieldError(f"options.{unknown[0]}.id", "No option of this group.")])
    for option_id, row in rows.items():
        if option_id not in kept:
            session.delete(row)
    for place, option in enumerate(options):
        row = (
            rows[option.id]
            if option.id is not None
            else ModifierOption(merchant_id=merchant_of(session), id=new_id(), group_id=group_id)
        )
        row.position, row.name, row.price_delta_minor = place, option.name.strip(), option.delta_minor
        row.aliases, row.available = [alias.strip() for alias in option.aliases], option.available
        session.add(row)
    session.flush()


def check_group(name: str, min_choices: int, max_choices: int, options: Sequence[OptionChange], currency: str) -> None:
    """Raises GroupInvalid when a group cannot have these."""
    wrong = []
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable() or not words_of(name):
        wrong.append(FieldError("name", f"Must be 1 to {MAX_NAME} printable characters with at least one word."))
    if not 1 <= len(options) <= MAX_OPTIONS:
        wrong.append(FieldError("options", f"Must be 1 to {MAX_OPTIONS} options."))
    if not 1 <= max_choices <= min(MAX_CHOICES, max(len(options), 1)):
        wrong.append(FieldError("max_choices", f"Must be 1 to {MAX_CHOICES}, and no more than there are options."))
    if not 0 <= min_choices <= max_choices:
        wrong.append(FieldError("min_choices", "Must be 0 to max_choices."))
    names = [words_of(option.name) for option in options]
    ids = [option.id for option in options if option.id is not None]
    for place, option in enumerate(options):
        here, text = f"options.{place}", option.name.strip()
        if not 1 <= len(text) <= MAX_NAME or not text.isprintable() or not names[place]:
            wrong.append(FieldError(f"{here}.name", f"Must be 1 to {MAX_NAME} printable characters with a word."))
        elif names.count(names[place]) > 1:
            wrong.append(FieldError(f"{here}.name", "Another option of this group is called so."))
        if len(option.aliases) > MAX_ALIASES or not all(
            0 < len(alias.strip()) <= MAX_NAME and alias.isprintable() for alias in option.aliases
        ):
            wrong.append(FieldError(f"{here}.aliases", f"At most {MAX_ALIASES}, each of 1 to {MAX_NAME} characters."))
        if abs(option.delta_minor) > MAX_DELTA_MINOR or option.delta_minor % step_of(currency):
            wrong.append(FieldError(f"{here}.price_delta", f"Must be whole steps of {step_of(currency)} minor units."))
        if option.id is not None and ids.count(option.id) > 1:
            wrong.append(FieldError(f"{here}.id", "Each option once."))
    if wrong:
        raise GroupInvalid(fields=wrong)
