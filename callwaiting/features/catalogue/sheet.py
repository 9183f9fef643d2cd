"""The catalogue as a table: one row an item, as spreadsheets open and save it (RFC 4180).

What `core.sheets` tames on the way out is read as it was. Semicolons and tabs between cells, a byte order mark and a
decimal comma are understood: they are what spreadsheets of other countries save.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from callwaiting.core import sheets
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.money import Money
from callwaiting.features.catalogue.importing import MAX_ROWS, Row
from callwaiting.features.catalogue.matching import Item
from callwaiting.features.catalogue.service import ItemChange

COLUMNS = (
    "id", "name", "aliases", "price", "currency", "keypad", "available", "modifier_groups", "removals",
    "tax_rate",
)  # fmt: skip
REQUIRED = frozenset({"name", "price"})
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0"})
BROKEN = "\ufffd"
MAX_NAMED = 50  # of the cells that are wrong, so many are named
PARTS = re.compile(r"((?:[^\\|]|\\.)*)(?:\||$)", re.DOTALL)


def write(items: Iterable[Item]) -> Iterator[bytes]:
    """The table as UTF-8 with a byte order mark, line by line. `read` gives back the same items."""
    yield sheets.BOM + sheets.line(COLUMNS)
    for item in items:
        yield sheets.line(
            (
                str(item.id),
                item.name,
                _joined(item.aliases),
                item.price.decimal(),
                item.price.currency,
                "" if item.keypad is None else str(item.keypad),
                _said(item.available),
                _joined(str(group.id) for group in item.groups),
                _joined(item.removals),
                item.tax_rate.tax.name if item.tax_rate else "",
            )
        )


def read(text: str, currency: str) -> list[Row]:
    """The rows of a table. A column that is not there is not said; a cell that is there and empty says nothing (`id`,
    `currency`), no key, no aliases.

    Raises ValidationFailed, which names each wrong cell as `csv.<line>.<column>`.
    """
    if BROKEN in text:
        raise ValidationFailed(FieldError("csv", "Is not UTF-8: save the table as `CSV UTF-8`."))
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[Row] = []
    wrong: list[FieldError] = []
    try:
        columns = _columns(next(reader, []))
        line = reader.line_num + 1
        for cells in reader:
            start, line = line, reader.line_num + 1
            if any(cell.strip() for cell in cells):
                try:
                    rows.append(_row(start, columns, cells, currency, comma=delimiter != ","))
                except ValidationFailed as refusal:
                    wrong += refusal.fields
            if len(rows) > MAX_ROWS:
                raise ValidationFailed(FieldError(f"csv.{start}", f"At most {MAX_ROWS} items at once."))
    except csv.Error as error:
        raise ValidationFailed(FieldError(f"csv.{reader.line_num}", "Is not CSV: look at its quotes.")) from error
    if wrong:
        raise ValidationFailed(*wrong[:MAX_NAMED])
    return rows


def _joined(parts: Iterable[str]) -> str:
    return "|".join(re.sub(r"([\\|])", r"\\\1", part) for part in parts)


def _said(yes: bool) -> str:
    return "yes" if yes else "no"


def _columns(head: Sequence[str]) -> list[str]:
    columns = [name.strip().lower() for name in head]
    wrong = [
        FieldError(f"csv.1.{name or number}"[:100], "This column is not known here.")
        for number, name in enumerate(columns, 1)
        if name not in COLUMNS
    ]
    wrong += [FieldError(f"csv.1.{name}", "This column is given twice.") for name in sorted(_twice(columns))]
    wrong += [FieldError(f"csv.1.{name}", "This column is required.") for name in sorted(REQUIRED - set(columns))]
    if wrong:
        raise ValidationFailed(*wrong[:MAX_NAMED])
    return columns


def _twice(columns: Sequence[str]) -> set[str]:
    return {name for name in columns if columns.count(name) > 1} & set(COLUMNS)


def _row(line: int, columns: Sequence[str], cells: Sequence[str], currency: str, *, comma: bool) -> Row:
    if len(cells) != len(columns):
        raise ValidationFailed(FieldError(f"csv.{line}", f"Has {len(cells)} cells, not {len(columns)}."))
    given = {name: sheets.restored(cell.strip()) for name, cell in zip(columns, cells, strict=True)}
    wrong: dict[str, str] = {}
    values = _values(given, currency, wrong, comma=comma)
    item_id = None
    if given.get("id"):
        try:
            item_id = UUID(given["id"])
        except ValueError:
            wrong["id"] = "Must be the id of an item as it was exported, or empty."
    if given.get("currency", "") not in {"", currency}:
        wrong["currency"] = f"Must be {currency}."
    if wrong:
        raise ValidationFailed(*(FieldError(f"csv.{line}.{name}", message) for name, message in wrong.items()))
    groups = _parts(given["modifier_groups"]) if "modifier_groups" in given else None
    return Row(f"csv.{line}", item_id, values, groups, given.get("tax_rate"))


def _values(given: Mapping[str, str], currency: str, wrong: dict[str, str], *, comma: bool) -> ItemChange:
    """What the cells say; what is wrong with them goes into `wrong`."""
    values: ItemChange = {"name": given["name"]}
    price = given["price"].replace(",", ".") if comma else given["price"]
    try:
        values["price_minor"] = Money.parse(price, currency).minor
    except ValueError:
        wrong["price"] = f"Must be an amount as in {Money(1250, currency).decimal()}."
    if "aliases" in given:
        values["aliases"] = _parts(given["aliases"])
    if "keypad" in given:
        values["keypad"] = int(given["keypad"]) if given["keypad"] in set("123456789") else None
        if given["keypad"] and values["keypad"] is None:
            wrong["keypad"] = "Must be a digit from 1 to 9, or empty."
    if "available" in given:
        said = given["available"].lower()
        values["available"] = said in YES
        if said not in YES | NO:
            wrong["available"] = "Must be yes or no."
    if "removals" in given:
        values["removals"] = _parts(given["removals"])
    return values


def _parts(cell: str) -> list[str]:
    """`coke|cola`; a bar within an alias has a backslash before it."""
    parts = [re.sub(r"\\(.)", r"\1", part).strip() for part in PARTS.findall(cell)]
    return [part for part in parts if part]
