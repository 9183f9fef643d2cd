"""Files of a merchant's rows, made while they are sent.

Each page is a transaction of its own in the scope of whoever asked: it begins only while that session is alive, so a
sign-out ends the file too. Rows that are added meanwhile may be in it or not; none is in it twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.orm import Session

from callwaiting.core import sheets
from callwaiting.core.days import Days
from callwaiting.core.db import Database
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.exports import Export, Exported, Value
from callwaiting.core.tenancy import Scope, merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import exporting as bookings
from callwaiting.features.callers import exporting as callers
from callwaiting.features.calls import exporting as calls
from callwaiting.features.consents import exporting as consents
from callwaiting.features.exports.errors import NoSuchExport
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import exporting as messages
from callwaiting.features.orders import exporting as orders
from callwaiting.features.payments import exporting as payments

Format = Literal["csv", "jsonl"]
MAX_DAYS = 366
PAGE = 500
EXPORTS: Mapping[str, Export] = {
    "bookings": bookings.EXPORT,
    "callers": callers.EXPORT,
    "calls": calls.EXPORT,
    "consents": consents.EXPORT,
    "messages": messages.EXPORT,
    "orders": orders.EXPORT,
    "payments": payments.EXPORT,
}


def begin(session: Session, name: str, since: date, until: date, format: Format) -> Days:
    """Note who takes these rows out; returns the days, by the merchant's own clock.

    Raises NoSuchExport, and ValidationFailed for a range that ends before it begins, or of more than 366 days.
    """
    if name not in EXPORTS:
        raise NoSuchExport(name)
    if until < since:
        raise ValidationFailed(FieldError("until", "Must not lie before `since`."))
    if (until - since).days >= MAX_DAYS:
        raise ValidationFailed(FieldError("until", f"At most {MAX_DAYS} days can be asked for."))
    audit.record(
        session,
        "export.made",
        subject=f"merchant:{merchant_of(session)}",
        details={"export": name, "since": str(since), "until": str(until), "format": format},
    )
    return merchants.days(session, since, until)


def zone_of(session: Session) -> ZoneInfo:
    return merchants.profile(session).timezone


def parts(database: Database, scope: Scope, name: str, days: Days, format: Format, zone: ZoneInfo) -> Iterator[bytes]:
    """The file, page by page. Its first part is made at once, so that what is wrong is an error and no broken file."""
    pages = _pages(database, scope, EXPORTS[name], days)
    first = next(pages)
    return _written(EXPORTS[name], first, pages, format, zone)


def _pages(database: Database, scope: Scope, export: Export, days: Days) -> Iterator[list[Exported]]:
    after = None
    while True:
        with database.unit_of_work(scope, reading=True) as session:
            rows = export.page(session, days, after, PAGE)
        yield rows
        if len(rows) < PAGE:
            return
        after = rows[-1].id


def _written(
    export: Export, first: list[Exported], rest: Iterator[list[Exported]], format: Format, zone: ZoneInfo
) -> Iterator[bytes]:
    yield sheets.BOM + sheets.line(export.columns) if format == "csv" else b""
    page: list[Exported] | None = first
    while page is not None:
        rows = ([_shown(row.values[name], zone) for name in export.columns] for row in page)
        if format == "csv":
            yield b"".join(sheets.line([_cell(value) for value in row]) for row in rows)
        else:
            option = orjson.OPT_APPEND_NEWLINE
            yield b"".join(orjson.dumps(dict(zip(export.columns, row, strict=True)), option=option) for row in rows)
        page = next(rest, None)


def _shown(value: Value, zone: ZoneInfo) -> str | int | bool | None:
    """Instants by the merchant's own clock, with their offset."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _cell(value: str | int | bool | None) -> str:
    return "" if value is None else str(value)
