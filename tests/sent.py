"""What is sent to a database, counted where the driver sends it: the busy statements go past SQLAlchemy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2.extensions
from sqlalchemy import Engine, event

Cursor = psycopg2.extensions.cursor


@contextmanager
def noted(engine: Engine, about: str = "") -> Iterator[list[str]]:
    """The statements with these words that connections of the engine send meanwhile; not those that only prepare."""
    sent: list[str] = []

    class Noting(Cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            if about in query and not query.startswith("prepare "):
                sent.append(query)
            super().execute(query, vars)

    def lent(connection: Any, *_: object) -> None:
        connection.cursor_factory = Noting

    def returned(connection: Any, *_: object) -> None:
        if connection is not None:
            connection.cursor_factory = Cursor

    event.listen(engine, "checkout", lent)
    event.listen(engine, "checkin", returned)
    try:
        yield sent
    finally:
        event.remove(engine, "checkout", lent)
        event.remove(engine, "checkin", returned)
