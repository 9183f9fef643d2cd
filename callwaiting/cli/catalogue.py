"""`callwaiting catalogue`: a merchant's catalogue to and from a file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO, Literal
from uuid import UUID

import click
from pydantic import ValidationError
from sqlalchemy.orm import Session

from callwaiting.cli.output import as_json
from callwaiting.cli.runtime import merchant_session, worker_runtime
from callwaiting.core.errors import CallwaitingError, ValidationFailed
from callwaiting.core.http import parsing
from callwaiting.features.catalogue import transfer
from callwaiting.features.catalogue.transfer_schemas import CatalogueFile, ImportFace

merchant_option = click.option("--merchant", type=click.UUID, required=True, help="The merchant whose catalogue it is.")


@click.group()
def command() -> None:
    """A merchant's catalogue: export, import."""


@command.command()
@merchant_option
@click.option("--format", "format_", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option("--output", type=click.File("wb"), default="-", help="A file instead of the terminal.")
def export(merchant: UUID, format_: Literal["json", "csv"], output: BinaryIO) -> None:
    """Write the whole catalogue: as JSON, which loses nothing, or as a table."""
    with _session(merchant) as session:
        content, _ = transfer.export(session, format_)
    output.write(content)


@command.command(name="import")
@click.argument("file", type=click.File("rb"))
@merchant_option
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--remove-missing", is_flag=True, help="Remove the items that are not in the file.")
@as_json
def import_(file: BinaryIO, merchant: UUID, dry_run: bool, remove_missing: bool, json_lines: bool) -> None:
    """Bring the catalogue to what a file says: all of its rows, or none. - is standard input.

    Exit status 1 when a row cannot be; each is named with its line and column.
    """
    try:
        given = _read(file.read())
        with _session(merchant) as session:
            found = transfer.take_in(
                session,
                given,
                expected=transfer.version(session),
                remove_missing=remove_missing,
                dry_run=dry_run,
            )
    except ValidationFailed as refusal:
        for wrong in refusal.fields:
            click.echo(f"{wrong.field}: {wrong.message}", err=True)
        sys.exit(1)
    except CallwaitingError as error:
        raise click.ClickException(error.face.message) from error
    click.echo(found.model_dump_json() if json_lines else "\n".join(_told(found)))


def _read(raw: bytes) -> str | CatalogueFile:
    """A file of ours, or a table: UTF-8, or the one-byte letters of Windows that older spreadsheets save."""
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        try:
            return CatalogueFile.model_validate_json(raw.removeprefix(b"\xef\xbb\xbf"), strict=True)
        except ValidationError as error:
            parsing.refuse(error)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _told(found: ImportFace) -> Iterator[str]:
    for item in found.added:
        yield f"+ {item.name}  {item.price.money()}"
    for change in found.changed:
        for part in change.differences:
            yield f"~ {change.name}  {part.field}: {part.before or '-'} -> {part.after or '-'}"
    for item in found.removed:
        yield f"- {item.name}  {item.price.money()}"
    counts = f"{len(found.added)} added, {len(found.changed)} changed, {len(found.removed)} removed"
    yield f"{counts}, {found.unchanged} as they were{' (dry run: nothing was done)' if found.dry_run else ''}"


@contextmanager
def _session(merchant: UUID) -> Iterator[Session]:
    with closing(worker_runtime()) as runtime, merchant_session(runtime, merchant) as session:
        yield session
