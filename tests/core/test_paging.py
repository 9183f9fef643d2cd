from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.core.errors import ValidationFailed
from callwaiting.core.http.paging import MAX_PAGE, Page, PageQuery, cursor_after
from callwaiting.core.http.schemas import Schema
from callwaiting.core.ids import new_id


class Item(Schema):
    number: int
    at: datetime


class Row:
    """As a service returns it: more attributes than an item shows."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.at = datetime(2026, 5, 4, tzinfo=UTC)
        self.secret = "hidden"


@given(st.lists(st.integers(0, 10_000), unique=True, max_size=30), st.integers(1, 7))
def test_pages_show_every_row_once(numbers: list[int], limit: int) -> None:
    stored = [Row(number) for number in sorted(numbers)]
    seen: list[int] = []
    query = PageQuery(limit=limit)
    while True:
        after = query.position(int)
        rows = [row for row in stored if after is None or row.number > after][: limit + 1]
        page = Page[Item].of(rows, query, key=lambda row: row.number)
        assert len(page.items) <= limit
        seen += [item.number for item in page.items]
        if page.next is None:
            break
        query = PageQuery(limit=limit, cursor=page.next)
    assert seen == sorted(numbers)


def test_items_show_what_the_schema_names() -> None:
    page = Page[Item].of([Row(1)], PageQuery(), key=lambda row: row.number)

    assert page.model_dump_json() == '{"items":[{"number":1,"at":"2026-05-04T00:00:00Z"}],"next":null}'


def test_keys_of_one_and_two_parts() -> None:
    at, row_id = datetime(2026, 5, 4, 1, 2, 3, 456789, tzinfo=UTC), new_id()

    assert PageQuery(cursor=cursor_after(row_id)).position(UUID) == row_id
    assert PageQuery(cursor=cursor_after((at, row_id))).position(datetime, UUID) == (at, row_id)
    assert PageQuery(cursor=cursor_after((date(2026, 5, 4), "a\u00e9"))).position(date, str) == (
        date(2026, 5, 4), "a\u00e9",
    )  # fmt: skip
    assert PageQuery().position(UUID) is None


@pytest.mark.parametrize("cursor", ["x", "_____", cursor_after(5), cursor_after("abc"), cursor_after((UUID(int=1), 1))])
def test_a_cursor_of_nothing_here(cursor: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        PageQuery(cursor=cursor).position(UUID)

    assert [item.field for item in caught.value.fields] == ["cursor"]


@pytest.mark.parametrize("values", [{"limit": "0"}, {"limit": str(MAX_PAGE + 1)}, {"cursor": ""}, {"cursor": "a+b"}])
def test_limits(values: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        PageQuery.model_validate_strings(values)
