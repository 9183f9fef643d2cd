"""The modifier groups of a file: known again by their ids, or by name; their options likewise within their group."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.catalogue.errors import GroupInvalid
from callwaiting.features.catalogue.groups import OptionChange, check_group
from callwaiting.features.catalogue.models import ModifierGroup, ModifierOption
from callwaiting.features.catalogue.values import Group, Option

UNKNOWN = "There is no such group, here or in the file."
SEVERAL = "Several groups have this name: give the id of the one that is meant."


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group of a file. `where` is how its refusal names it."""

    where: str
    id: UUID | None
    name: str
    min_choices: int
    max_choices: int
    options: Sequence[OptionChange]


@dataclass(slots=True)
class GroupPlan:
    """What is to be done with groups; `after` are all that there will be, before unused ones are removed."""

    added: list[Group] = field(default_factory=list)
    changed: list[Group] = field(default_factory=list)
    removed: list[Group] = field(default_factory=list)
    after: dict[UUID, Group] = field(default_factory=dict)

    def meant(self, reference: str) -> Group:
        """The group of this id or name. Raises LookupError with a sentence for people."""
        wanted = reference.strip()
        found = [group for group in self.after.values() if str(group.id) == wanted.lower()]
        found = found or [group for group in self.after.values() if group.name.casefold() == wanted.casefold()]
        if len(found) != 1:
            raise LookupError(SEVERAL if found else UNKNOWN)
        return found[0]

    def remove_unused(self, named: Iterable[UUID], used: Iterable[UUID]) -> None:
        """Groups that the file does not name are gone, unless an item still asks them."""
        kept = {*named, *used}
        self.removed = [group for group in self.after.values() if group.id not in kept]


def content_of(group: Group) -> tuple[object, ...]:
    """All that a group says, but for its version."""
    return group.name, group.min_choices, group.max_choices, group.options


def planned_groups(present: Sequence[Group], rows: Sequence[GroupRow], currency: str) -> GroupPlan:
    """Raises ValidationFailed, which names every group that cannot be."""
    plan = GroupPlan(after={group.id: group for group in present})
    owners = {option.id: group.id for group in present for option in group.options}
    wrong: list[FieldError] = []
    seen: set[UUID | str] = set()
    for row in rows:
        named = [group for group in present if group.name.casefold() == row.name.strip().casefold()]
        if row.id is None and len(named) > 1:
            wrong.append(FieldError(f"{row.where}.name", SEVERAL))
            continue
        before = plan.after.get(row.id) if row.id else next(iter(named), None)
        group_id = row.id or (before.id if before else new_id())
        try:
            check_group(row.name.strip(), row.min_choices, row.max_choices, row.options, currency)
        except GroupInvalid as error:
            wrong += [FieldError(f"{row.where}.{part.field}", part.message) for part in error.fields]
            continue
        group = Group(
            group_id, row.name.strip(), row.min_choices, row.max_choices, _options(row.options, before, currency)
        )
        foreign = [option.id for option in group.options if owners.setdefault(option.id, group_id) != group_id]
        if foreign:
            wrong.append(FieldError(f"{row.where}.options", "One of them has the id of another group's option."))
        known_by: set[UUID | str] = {group_id} if row.id else {group_id, group.name.casefold()}
        if seen & known_by:
            wrong.append(FieldError(f"{row.where}.name", "This group is there twice."))
        seen |= known_by
        if before is None:
            plan.added.append(group)
        elif content_of(before) != content_of(group):
            plan.changed.append(group)
        plan.after[group_id] = group
    if wrong:
        raise ValidationFailed(*wrong[:50])
    return plan


def locked_groups(session: Session) -> None:
    """Nobody changes a group until this transaction ends."""
    session.execute(select(ModifierGroup.id).order_by(ModifierGroup.id).with_for_update())


def write_groups(session: Session, plan: GroupPlan) -> None:
    """Add and change; what is removed goes by `drop_groups`, when no item asks it any more."""
    merchant_id = merchant_of(session)
    for group in plan.added:
        session.add(ModifierGroup(merchant_id=merchant_id, id=group.id, **_terms(group)))
    session.flush()
    for group in plan.changed:
        row = session.scalars(select(ModifierGroup).where(ModifierGroup.id == group.id)).one()
        for name, value in _terms(group).items():
            setattr(row, name, value)
        row.version, row.updated_at = row.version + 1, clock.now()
    for group in (*plan.added, *plan.changed):
        of_group = select(ModifierOption).where(ModifierOption.group_id == group.id)
        known = {found.id: found for found in session.scalars(of_group)}
        kept = {option.id for option in group.options}
        for option_id, option_row in known.items():
            if option_id not in kept:
                session.delete(option_row)
        for position, option in enumerate(group.options):
            written = known.get(option.id) or ModifierOption(merchant_id=merchant_id, id=option.id, group_id=group.id)
            written.position, written.name, written.price_delta_minor = position, option.name, option.delta.minor
            written.aliases, written.available = list(option.aliases), option.available
            session.add(written)
        act = "added" if group in plan.added else "changed"
        details = {"options": len(group.options)}
        audit.record(session, f"catalogue.group_{act}", subject=f"modifier_group:{group.id}", details=details)
    session.flush()


def drop_groups(session: Session, plan: GroupPlan) -> None:
    for group in plan.removed:
        session.execute(delete(ModifierGroup).where(ModifierGroup.id == group.id))
        audit.record(session, "catalogue.group_removed", subject=f"modifier_group:{group.id}")


def _options(changes: Sequence[OptionChange], before: Group | None, currency: str) -> tuple[Option, ...]:
    known = {option.name.casefold(): option.id for option in before.options} if before else {}
    return tuple(
        Option(
            id=change.id or known.get(change.name.strip().casefold()) or new_id(),
            name=change.name.strip(),
            aliases=tuple(alias.strip() for alias in change.aliases),
            delta=Money(change.delta_minor, currency),
            available=change.available,
        )
        for change in changes
    )


def _terms(group: Group) -> dict[str, str | int]:
    return {"name": group.name, "min_choices": group.min_choices, "max_choices": group.max_choices}
