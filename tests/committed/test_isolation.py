from __future__ import annotations

from psycopg2.extensions import cursor as Cursor

from tests.committed.isolation import all_breaches, build


def test_no_role_reaches_another_merchants_rows_in_any_table(cursor: Cursor) -> None:
    world = build(cursor)

    assert len(world.mine.rows) == len(world.tables) > 25
    assert all_breaches(world) == []
