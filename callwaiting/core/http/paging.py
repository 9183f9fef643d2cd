"""Pages of a list, by keyset: the cursor says after which row the next page begins, so no row is counted twice or
missed while the list grows.

    rows = service.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[OrderFace].of(rows, query, key=lambda order: order.id)
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, Self, TypeVar, overload
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationError

from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.http.schemas import Schema

Item = TypeVar("Item")
Row = TypeVar("Row")
Part = UUID | datetime | date | int | str
A = TypeVar("A", bound=Part)
B = TypeVar("B", bound=Part)
PAGE = 25
MAX_PAGE = 100


class PageQuery(Schema):
    """The query of a list; derive from it to add filters."""

    limit: int = Field(default=PAGE, ge=1, le=MAX_PAGE, description="How many items, at most.")
    cursor: str | None = Field(
        default=None, max_length=400, pattern=r"^[A-Za-z0-9_-]+$", description="`next` of the page before this one."
    )

    @overload
    def position(self, kind: type[A], /) -> A | None: ...
    @overload
    def position(self, kind: type[A], second: type[B], /) -> tuple[A, B] | None: ...
    def position(self, kind: type[Any], second: type[Any] | None = None, /) -> Any:
        """The key of the last row of the page before; None on the first page. Raises ValidationFailed."""
        if self.cursor is None:
            return None
        kinds = (kind,) if second is None else (kind, second)
        try:
            packed = base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4))
            parts = _adapter(kinds).validate_json(packed)
        except (binascii.Error, ValidationError) as error:
            raise ValidationFailed(FieldError("cursor", "This is not a cursor of this list.")) from error
        return parts[0] if second is None else parts


class Page(Schema, Generic[Item]):
    """Some of a list's items. `next` is the `cursor` of the following page, null on the last one."""

    items: list[Item]
    next: str | None = Field(examples=["WyIwMTg5MGY0ZS1lNmM4LTdkM2EtOWMwYi01YTdkMWYyZTNjNGIiXQ"])

    @classmethod
    def of(cls, rows: Sequence[Row], query: PageQuery, key: Callable[[Row], Part | tuple[Part, Part]]) -> Self:
        """The page of `rows`, of which one more than `query.limit` was asked for: it tells that another page follows.

        Rows become items by their attributes, or are items. `key` gives what the list is ordered by.
        """
        shown = rows[: query.limit]
        following = cursor_after(key(shown[-1])) if len(rows) > len(shown) else None
        return cls.model_validate({"items": shown, "next": following})


def cursor_after(key: Part | tuple[Part, Part]) -> str:
    """The cursor of the page that begins after the row with this key."""
    parts = key if isinstance(key, tuple) else (key,)
    return base64.urlsafe_b64encode(_PACK.dump_json(parts)).rstrip(b"=").decode()


@lru_cache(maxsize=64)
def _adapter(kinds: tuple[type[Any], ...]) -> TypeAdapter[tuple[Any, ...]]:
    return TypeAdapter(tuple[kinds])  # type: ignore[valid-type]  # made at run time


_PACK: TypeAdapter[tuple[Any, ...]] = TypeAdapter(tuple[Any, ...])
