"""`/api/v1/exports`: a merchant's rows as files."""

from __future__ import annotations

from callwaiting.core.http import auth
from callwaiting.core.http.api import Api, Download
from callwaiting.core.http.context import database
from callwaiting.core.http.rate_limits import EXPORT
from callwaiting.features.exports import service
from callwaiting.features.exports.schemas import FileQuery

MEDIA = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
api = Api("exports")


@api.download(
    "/exports/<name>",
    requires="exports.make",
    query=FileQuery,
    media=("text/csv", "application/x-ndjson"),
    step_up=True,
    budget=EXPORT,
)
def file(name: str, query: FileQuery) -> Download:
    """The business's bookings, callers, calls, consents, messages, orders or payments as a file.

    `payments` is the journal of the ledger; bookings are chosen by when they begin, everything else by when it came.
    Instants are by the business's clock. A file that breaks off is not whole: ask again.
    """
    scope = auth.principal().scope
    with database().unit_of_work(scope) as session:
        days = service.begin(session, name, query.since, query.until, query.format)
        zone = service.zone_of(session)
    rows = service.parts(database(), scope, name, days, query.format, zone)
    filename = f"{name}-{query.since}-{query.until}.{query.format}"
    return Download(media_type=MEDIA[query.format], filename=filename, parts=rows)
