"""A reading statement that travels together with its scope (docs/adr/0031)."""

from __future__ import annotations

from typing import cast

import psycopg2
import psycopg2.extensions
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from callwaiting.core.statements import Rows, Statement, as_sqlalchemy_says
from callwaiting.core.tenancy import REQUIRE_SESSION, SESSION_OVER, SET_SCOPE, refuse, scope_of, settings_of


def alone(session: Session, statement: Statement, **values: object) -> Rows:
    """The rows of a reading statement, in one round trip when the session has not begun its transaction.

    It is then a transaction of its own, in the session's scope, and what the session does later is another. Scope,
    session check and statement travel together; Postgres makes one transaction of a message with several statements,
    and runs none after one that failed. What the session has yet to write is not seen.

    Raises SessionOver, and as SQLAlchemy does DBAPIError.
    """
    if session.in_transaction():
        return statement(session, **values)
    settings, facts = settings_of(scope_of(session))
    together = (SET_SCOPE if facts is None else REQUIRE_SESSION, statement)
    given = settings | (facts or {}) | values
    engine = cast(Engine, session.get_bind())
    pooled = _connected(engine)
    driver = cast(psycopg2.extensions.connection, pooled.driver_connection)
    try:
        driver.autocommit = True  # in the driver only: SQLAlchemy's isolation levels cost a round trip each way
        with driver.cursor() as cursor:
            if session.info["prepare"]:
                known: set[str] = pooled.info.setdefault("prepared", set())
                sql = "; ".join([part.prepared(known, cursor.execute) for part in together])
            else:
                sql = "; ".join([part.plain for part in together])
            cursor.execute(sql, given)
            rows = statement.rows(cursor)
    except psycopg2.Error as error:
        if error.pgcode == SESSION_OVER:
            refuse(error.diag.message_primary or "revoked")
        if driver.closed:
            pooled.invalidate(error)
            engine.dispose()  # what the others wait on is most likely lost as well
        raise as_sqlalchemy_says(error, lost=bool(driver.closed)) from error
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
        raise as_sqlalchemy_says(error, lost=True) from error
