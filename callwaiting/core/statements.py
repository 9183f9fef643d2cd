"""Statements of the busy ways, in plain SQL, which Postgres plans once a connection.

A statement that the ORM builds costs 150 to 600 µs of Python, and planning takes Postgres longer than running it
(docs/adr/0018-busy-statements-are-planned-once.md). It goes past SQLAlchemy's execution, which takes as long as the
driver's (docs/adr/0052). Everything else of the session holds: its transaction, its scope, its errors. The ORM does not
see what such a statement changes.
"""

from __future__ import annotations

import hashlib
import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import psycopg2
import psycopg2.extensions
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Session

_PARAMETER = re.compile(r"%\((\w+)\)s")
Cursor = psycopg2.extensions.cursor


class Rows(list[Any]):
    """What a statement returned, named tuples. `rowcount`: how many rows it changed or returned."""

    __slots__ = ("rowcount",)

    def __init__(self, rows: Iterable[Any] = (), rowcount: int = 0) -> None:
        super().__init__(rows)
        self.rowcount = rowcount

    def one(self) -> Any:
        """Raises NoResultFound, MultipleResultsFound."""
        row = self.one_or_none()
        if row is None:
            raise NoResultFound
        return row

    def one_or_none(self) -> Any:
        """Raises MultipleResultsFound."""
        if len(self) > 1:
            raise MultipleResultsFound
        return self[0] if self else None

    def scalar(self) -> Any:
        """The first value of the first row; None when there is no row."""
        return self[0][0] if self else None

    def scalars(self) -> list[Any]:
        """The first value of each row."""
        return [row[0] for row in self]


class Statement:
    """A statement with the driver's named parameters, `%(name)s`. Call it with a session and a value for each.

    A parameter has one type, which Postgres infers from its first place; cast it there where that is not enough.
    Behind a pooler that lends its connections a transaction at a time nothing is prepared: see `DATABASE_PREPARE`.
    """

    def __init__(self, sql: str) -> None:
        numbers = {name: f"${number}" for number, name in enumerate(dict.fromkeys(_PARAMETER.findall(sql)), 1)}
        name = "cw_" + hashlib.sha256(sql.encode()).hexdigest()[:16]
        arguments = ", ".join(f"%({parameter})s" for parameter in numbers)
        self._name = name
        self._make: Callable[[Iterable[Any]], Any] | None = None  # of a row, once its columns are known
        self._plain = sql
        self._prepare = f"prepare {name} as " + _PARAMETER.sub(lambda found: numbers[found[1]], sql)
        self._execute = f"execute {name} ({arguments})" if arguments else f"execute {name}"

    def __call__(self, session: Session, **values: object) -> Rows:
        """Run it in the session's transaction, after what the ORM still has to write. Raises what `run` does."""
        session.flush()
        return self.run(session.connection(), values, prepare=session.info["prepare"])

    def run(self, connection: Connection, values: Mapping[str, object], *, prepare: bool) -> Rows:
        """Run it in the connection's transaction. Raises as SQLAlchemy does DBAPIError and its kin."""
        driver = cast(psycopg2.extensions.connection, connection.connection.driver_connection)
        try:
            with driver.cursor() as cursor:
                sql = self._plain
                if prepare:
                    sql = self.prepared(connection.info.setdefault("prepared", set()), cursor.execute)
                cursor.execute(sql, values)
                return self.rows(cursor)
        except psycopg2.Error as error:
            if driver.closed:
                connection.invalidate(error)
            raise as_sqlalchemy_says(error, lost=bool(driver.closed)) from error

    def rows(self, cursor: Cursor) -> Rows:
        """What the cursor has of it."""
        if cursor.description is None:
            return Rows((), cursor.rowcount)
        if self._make is None:
            columns = [column.name for column in cursor.description]
            self._make = cast(Any, namedtuple)("Row", columns, rename=True)._make
        return Rows(map(self._make, cursor.fetchall()), cursor.rowcount)

    def prepared(self, known: set[str], run: Callable[[str], object]) -> str:
        """The SQL to send on a connection that has the plans of `known`; `run` makes the one that it lacks."""
        if self._name not in known:
            run(self._prepare)
            known.add(self._name)  # a rollback does not undo it
        return self._execute

    @property
    def plain(self) -> str:
        """The SQL to send where nothing is prepared."""
        return self._plain


def as_sqlalchemy_says(error: psycopg2.Error, *, lost: bool) -> Exception:
    """The error that the unit of work judges, without the statement's values."""
    made: Exception = DBAPIError.instance(
        None, None, error, psycopg2.Error, connection_invalidated=lost, hide_parameters=True
    )
    return made
