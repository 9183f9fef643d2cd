"""Rows on their way out, in pages by id: no transaction is longer than a page, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from callwaiting.core.days import Days, Moment

Value = UUID | datetime | str | int | bool | None
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Exported:
    """One row: its id, after which the next page begins, and its columns in order."""

    id: UUID
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Export:
    """One kind of rows. `page(session, days, after, limit)` gives those of the days by their ids, after the given
    one."""

    columns: tuple[str, ...]
    page: Callable[[Session, Days, UUID | None, int], list[Exported]]


def within(
    query: Select[Row],
    key: InstrumentedAttribute[UUID],
    moment: Moment | ColumnElement[datetime],
    days: Days,
    after: UUID | None,
    limit: int,
) -> Select[Row]:
    """The query's rows whose `moment` lies in the days, by `key`, after the given one."""
    query = query.where(days.contain(moment)).order_by(key).limit(limit)
    return query if after is None else query.where(key > after)
