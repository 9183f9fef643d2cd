"""Statements of the busy ways, in plain SQL, which Postgres plans once a connection.

A statement that the ORM builds costs 150 to 600 µs of Python, and planning takes Postgres longer than running it
(docs/adr/0018-busy-statements-are-planned-once.md). Everything else of the session holds: its transaction, its scope,
its errors. The ORM does not see what such a statement changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import psycopg2
import psycopg2.extensions
from psycopg2.extras import NamedTupleCursor
from sqlalchemy import CursorResult, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from callwaiting.core.tenancy import (
    SESSION_OVER,
    SET_SCOPE_IN_TRIP,
    SET_SCOPE_IN_TRIP_OF_SESSION,
    refuse,
    scope_of,
    settings_of,
)

_PARAMETER = re.compile(r"%\((\w+)\)s")


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
        self._plain = sql
        self._prepare = f"prepare {name} as " + _PARAMETER.sub(lambda found: numbers[found[1]], sql)
        self._execute = f"execute {name} ({arguments})" if arguments else f"execute {name}"

    def alone(self, session: Session, **values: object) -> Sequence[Any]:
        """The rows of a reading statement, in one round trip when the session has not begun its transaction.

        It is then a transaction of its own, and what the session does later is another (docs/adr/0031).
        """
        if session.in_transaction():
            return self(session, **values).all()
        return _in_one_trip(session, self, values)

    def __call__(self, session: Session, **values: object) -> CursorResult[Any]:
        """Run it in the session's transaction, after what the ORM still has to write."""
        session.flush()
        connection = session.connection()
        sql = self._plain
        if session.info["prepare"]:
            sql = self.prepared(connection.info.setdefault("prepared", set()), connection.exec_driver_sql)
        return connection.exec_driver_sql(sql, values)

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


_OPEN_SCOPE, _OPEN_SCOPE_OF_SESSION = Statement(SET_SCOPE_IN_TRIP), Statement(SET_SCOPE_IN_TRIP_OF_SESSION)


def _in_one_trip(session: Session, statement: Statement, values: Mapping[str, object]) -> Sequence[Any]:
    """The rows of one reading statement that is a transaction of its own, in the session's scope.

    Scope, session check and statement travel together; Postgres makes one transaction of a message with several
    statements, and runs none after one that failed. What the session has yet to write is not seen. The driver is used
    as it is, of SQLAlchemy the pool alone: its execution of a statement takes longer than the driver's.

    Raises SessionOver, and as SQLAlchemy does DBAPIError.
    """
    settings, facts = settings_of(scope_of(session))
    given: dict[str, object] = {f"scope_{number}": value for number, value in enumerate(settings + (facts or ()))}
    given.update(values)
    together = (_OPEN_SCOPE if facts is None else _OPEN_SCOPE_OF_SESSION, statement)
    engine = cast(Engine, session.get_bind())
    pooled = _connected(engine)
    driver = cast(psycopg2.extensions.connection, pooled.driver_connection)
    try:
        driver.autocommit = True  # in the driver only: SQLAlchemy's isolation levels cost a round trip each way
        cursor = cast(psycopg2.extensions.cursor, driver.cursor(cursor_factory=NamedTupleCursor))
        with cursor:
            if session.info["prepare"]:
                known: set[str] = pooled.info.setdefault("prepared", set())
                sql = "; ".join([part.prepared(known, cursor.execute) for part in together])
            else:
                sql = "; ".join([part.plain for part in together])
            cursor.execute(sql, given)
            rows: list[Any] = cursor.fetchall()
    except psycopg2.Error as error:
        if error.pgcode == SESSION_OVER:
            refuse(error.diag.message_primary or "revoked")
        if driver.closed:
            pooled.invalidate(error)
            engine.dispose()  # what the others wait on is most likely lost as well
        raise _as_sqlalchemy_says(error, lost=bool(driver.closed)) from error
    finally:
        if not driver.closed:
            driver.autocommit = False  # whoever has the connection next begins transactions
        pooled.close()
    session.info["begun"] = True
    return rows


def _connected(engine: Engine) -> PoolProxiedConnection:
    try:
        return engine.raw_connection()
    except psycopg2.Error as error:
        raise _as_sqlalchemy_says(error, lost=True) from error


def _as_sqlalchemy_says(error: psycopg2.Error, *, lost: bool) -> Exception:
    """The error that the unit of work judges, without the statement's values."""
    made: Exception = DBAPIError.instance(
        None, None, error, psycopg2.Error, connection_invalidated=lost, hide_parameters=True
    )
    return made
