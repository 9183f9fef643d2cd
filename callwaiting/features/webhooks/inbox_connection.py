"""The inbox's own connection: one prepared statement whose values travel as they are, without becoming SQL text.

By psycopg 3, because psycopg2 writes every value into the statement: a body of 2 KB is turned to hexadecimals, read by
Postgres' parser and turned back, which is a third of what storing it costs there (docs/adr/0019).
"""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Sequence

import psycopg
from psycopg import errors, pq

from callwaiting.features.webhooks.inbox_rows import STATEMENT, Returned

NAME = b"callwaiting_inbox"
JSON, BYTEA, BYTEA_ARRAY = 114, 17, 1001  # https://www.postgresql.org/docs/18/catalog-pg-type.html, pg_type.dat
TYPES = (JSON, BYTEA_ARRAY)
FORMATS = (pq.Format.TEXT, pq.Format.BINARY)
ARRAY_HEAD, LENGTH = struct.Struct(">5i"), struct.Struct(">i")


class InboxConnection:
    """Raises what psycopg raises: OperationalError and InterfaceError when the connection is no good, its other errors
    by what Postgres says of the values."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(
            url, autocommit=True, connect_timeout=2, application_name="callwaiting-inbox", tcp_user_timeout=4000
        )
        self._pgconn = self._connection.pgconn
        with contextlib.suppress(errors.DuplicatePreparedStatement):
            # Prepared, because planning a small batch costs more than storing it.
            _require(self._pgconn.prepare(NAME, STATEMENT, TYPES), pq.ExecStatus.COMMAND_OK)

    def store(self, fields: bytes, bodies: Sequence[bytes]) -> list[Returned]:
        """One statement in autocommit: durable when it returns."""
        values = (fields, _array(bodies))
        try:
            result = self._pgconn.exec_prepared(NAME, values, FORMATS)
            _require(result, pq.ExecStatus.TUPLES_OK)
        except errors.InvalidSqlStatementName:  # a transaction pooler gave us another session
            result = self._pgconn.exec_params(STATEMENT, values, TYPES, FORMATS)
            _require(result, pq.ExecStatus.TUPLES_OK)
        value = result.get_value
        return [(value(n, 0), value(n, 1), value(n, 2), value(n, 3)) for n in range(result.ntuples)]

    def close(self) -> None:
        self._connection.close()


def _array(items: Sequence[bytes]) -> bytes:
    """A bytea[] without nulls as it goes over the wire: dimensions, flags, type, length, lower bound, items."""
    parts = [ARRAY_HEAD.pack(1, 0, BYTEA, len(items), 1)]
    for item in items:
        parts += (LENGTH.pack(len(item)), item)
    return b"".join(parts)


def _require(result: pq.abc.PGresult, status: pq.ExecStatus) -> None:
    if result.status == status:
        return
    state = (result.error_field(pq.DiagnosticField.SQLSTATE) or b"").decode()
    try:
        kind = errors.lookup(state)
    except KeyError:  # none: the connection broke
        kind = psycopg.OperationalError
    raise kind(state)
