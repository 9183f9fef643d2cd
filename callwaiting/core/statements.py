"""Statements of the busy ways, in plain SQL, which Postgres plans once a connection.

A statement that the ORM builds costs 150 to 600 µs of Python, and planning takes Postgres longer than running it
(docs/adr/0018-busy-statements-are-planned-once.md). Everything else of the session holds: its transaction, its scope,
its errors. The ORM does not see what such a statement changes.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from sqlalchemy import CursorResult
from sqlalchemy.orm import Session

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

    def __call__(self, session: Session, **values: object) -> CursorResult[Any]:
        """Run it in the session's transaction, after what the ORM still has to write."""
        session.flush()
        connection = session.connection()
        if not session.info["prepare"]:
            return connection.exec_driver_sql(self._plain, values)
        prepared: set[str] = connection.info.setdefault("prepared", set())
        if self._name not in prepared:
            connection.exec_driver_sql(self._prepare)
            prepared.add(self._name)  # a rollback does not undo it
        return connection.exec_driver_sql(self._execute, values)
