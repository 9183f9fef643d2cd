from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import cursor as Cursor


@pytest.fixture
def cursor(admin_url: str, empty_tables: None) -> Iterator[Cursor]:
    """The superuser's, in one transaction that is rolled back at the end."""
    connection = psycopg2.connect(admin_url)
    try:
        with connection.cursor() as opened:
            yield opened
    finally:
        connection.rollback()
        connection.close()
