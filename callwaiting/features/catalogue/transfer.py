"""A whole catalogue to and from a file: what the API and the command have in common."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.features.catalogue import importing, sheet
from callwaiting.features.catalogue.service import list_items
from callwaiting.features.catalogue.transfer_schemas import CatalogueFile, ImportFace
from callwaiting.features.merchants import service as merchants

MEDIA = {"json": "application/json", "csv": "text/csv; charset=utf-8"}


def version(session: Session) -> int:
    """The present catalogue's version."""
    currency = merchants.profile(session).currency
    return importing.version_of(list_items(session, currency), importing.all_groups(session, currency))


def export(session: Session, format: Literal["json", "csv"]) -> tuple[bytes, int]:
    """The catalogue as a file of this format, and its version."""
    currency = merchants.profile(session).currency
    items, groups = list_items(session, currency), importing.all_groups(session, currency)
    found = importing.version_of(items, groups)
    if format == "csv":
        return b"".join(sheet.write(items)), found
    return CatalogueFile.of(items, groups, currency).model_dump_json(indent=2).encode(), found


def take_in(
    session: Session,
    given: str | CatalogueFile,
    *,
    expected: int,
    remove_missing: bool,
    dry_run: bool,
) -> ImportFace:
    """Import a table's text or a file. Raises ValidationFailed, PreconditionFailed, KeyTaken."""
    currency = merchants.profile(session).currency
    rows = sheet.read(given, currency) if isinstance(given, str) else _rows(given, currency)
    plan, found = importing.take_in(
        session,
        currency,
        rows,
        None if isinstance(given, str) else given.group_rows(),
        version=expected,
        remove_missing=remove_missing,
        dry_run=dry_run,
    )
    return ImportFace.of(plan, found, dry_run=dry_run, given=frozenset(row.id for row in rows))


def _rows(file: CatalogueFile, currency: str) -> list[importing.Row]:
    wrong = [] if file.currency == currency else [FieldError("catalogue.currency", f"Must be {currency}.")]
    wrong += [
        FieldError(f"catalogue.items.{number}.price.currency", f"Must be {currency}.")
        for number, item in enumerate(file.items)
        if item.price.currency != currency
    ]
    wrong += [
        FieldError(f"catalogue.modifier_groups.{number}.options.{place}.price_delta.currency", f"Must be {currency}.")
        for number, group in enumerate(file.modifier_groups or ())
        for place, option in enumerate(group.options)
        if option.price_delta.currency != currency
    ]
    if wrong:
        raise ValidationFailed(*wrong[: importing.MAX_NAMED])
    return file.rows()
