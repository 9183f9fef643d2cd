"""Statements of the busy ways, in plain SQL, which Postgres plans once a connection.

A statement that the ORM builds costs 150 to 600 µs of Python, and planning takes Postgres longer than running it
(docs/adr/0018-busy-statements-are-planned-once.md). Everything else of the session holds: its transaction, its scope,
its errors. The ORM does not see what such a statement changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Row
from sqlalchemy.orm import Session

from callwaiting.core.tenancy import in_one_trip

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

    def alone(self, session: Session, **values: object) -> Sequence[Row[Any]]:
        """The rows of a reading statement, in one round trip when the session has not begun its transaction.

        It is then a transaction of its own, and what the session does later is another (docs/adr/0031).
        """
        if session.in_transaction():
            return self(session, **values).all()
        return in_one_trip(session, self._ready, values)

    def __call__(self, session: Session, **values: object) -> CursorResult[Any]:
        """Run it in the session's transaction, after what the ORM still has to write."""
        session.flush()
        connection = session.connection()
        return connection.exec_driver_sql(self._ready(connection, prepare=session.info["prepare"]), values)

    def _ready(self, connection: Connection, *, prepare: bool) -> str:
        """The SQL to send on this connection, which knows the plan by then unless nothing is prepared."""
        if not prepare:
            return self._plain
        prepared: set[str] = connection.info.setdefault("prepared", set())
        if self._name not in prepared:
            connection.exec_driver_sql(self._prepare)
            prepared.add(self._name)  # a rollback does not undo it
        return self._execute
