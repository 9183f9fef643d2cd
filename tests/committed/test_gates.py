from __future__ import annotations

from psycopg2.extensions import cursor as Cursor

from tests.committed.gates import breaches


def test_catalogue_has_no_breach(cursor: Cursor) -> None:
    assert breaches(cursor) == []
