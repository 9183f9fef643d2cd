"""`/api/v1/catalogue/export` and `/import`: the whole catalogue in a file."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode, FieldError, ValidationFailed
from callwaiting.core.http.api import Api, Download
from callwaiting.features.catalogue import transfer
from callwaiting.features.catalogue.transfer_schemas import ExportQuery, ImportBody, ImportFace, ImportQuery

api = Api("catalogue_files")


@api.download("/catalogue/export", requires="catalogue.read", query=ExportQuery, media=("application/json", "text/csv"))
def export(session: Session, query: ExportQuery) -> Download:
    """The whole catalogue as a file.

    Its ETag is the version of the whole, for an import. In a table, a cell that begins like a formula has an
    apostrophe before it, which the import takes away again.
    """
    content, version = transfer.export(session, query.format)
    media = transfer.MEDIA[query.format]
    return Download(media_type=media, filename=f"catalogue.{query.format}", parts=[content], version=version)


@api.post(
    "/catalogue/import",
    requires="catalogue.write",
    query=ImportQuery,
    body=ImportBody,
    answers=ImportFace,
    if_match=True,
    refuses=[ErrorCode.CONFLICT],
)
def take_in(session: Session, query: ImportQuery, body: ImportBody, version: int) -> ImportFace:
    """Bring the catalogue to what a file says: all of its rows, or none.

    An item is known again by its id, and without one by its name. What a table has no column for stays as it is.
    A row that cannot be is named with its line and column, as in `csv.7.price`.
    """
    given = body.csv if body.csv is not None else body.catalogue
    if given is None or None not in (body.csv, body.catalogue):
        raise ValidationFailed(FieldError("csv", "Send either `csv` or `catalogue`."))
    return transfer.take_in(
        session, given, expected=version, remove_missing=query.missing == "remove", dry_run=query.dry_run
    )
