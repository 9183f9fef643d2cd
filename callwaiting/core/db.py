"""Engines by database role, the declarative base, and the unit of work: one transaction a request or job."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import DateTime, Engine, ForeignKey, LargeBinary, MetaData, Text, Uuid, create_engine, make_url
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from callwaiting.core import deadline
from callwaiting.core.deadline import DeadlineExceeded
from callwaiting.core.errors import ServiceUnavailable
from callwaiting.core.ids import new_id
from callwaiting.core.overdue import Overdue
from callwaiting.core.roles import DatabaseRole as DatabaseRole
from callwaiting.core.tenancy import Scope, begin_unless_begun

# SQLSTATEs of a statement that ran into statement_timeout, of a transaction that ran into transaction_timeout
TOO_LONG = frozenset({"57014", "25P04"})


class Base(DeclarativeBase):
    metadata = MetaData(
        schema="app",
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        },
    )
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        bytes: LargeBinary(),
        dict[str, Any]: JSONB(),
    }


class TenantRow:
    """A row of one merchant. The merchant leads the primary key, so every foreign key names it too."""

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("app.merchants.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


def sqlalchemy_url(url: str) -> str:
    """SQLAlchemy 2.1 reads a plain `postgresql://` as psycopg 3; we run on psycopg2."""
    return make_url(url).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)


class Database:
    """The database as this process may use it.

    `info` is handed to every session (key ring, event bus). `tenant_role` is the role that serves merchants here:
    `web` in a web process, `worker` in a worker. `after_commit` receives the bells that a unit of work rang.
    `prepare`: see `core.statements`.
    """

    def __init__(
        self,
        urls: Mapping[DatabaseRole, str],
        *,
        tenant_role: DatabaseRole,
        after_commit: Callable[[set[str]], None],
        pool_size: int = 10,
        prepare: bool = True,
        application_name: str = "callwaiting",
    ) -> None:
        self._urls = dict(urls)
        self.tenant_role = tenant_role
        self._after_commit = after_commit
        self._pool_size = pool_size
        self._application_name = application_name
        self._engines: dict[DatabaseRole, Engine] = {}
        self._lock = threading.Lock()
        self._overdue = Overdue()
        self.info: dict[str, Any] = {"prepare": prepare}

    def url(self, role: DatabaseRole) -> str:
        """The libpq URL of a role. Raises KeyError when this process has no business with that role."""
        return self._urls[role]

    def engine(self, role: DatabaseRole) -> Engine:
        with self._lock:
            if role not in self._engines:
                engine = create_engine(
                    sqlalchemy_url(self._urls[role]),
                    pool_size=self._pool_size,
                    max_overflow=0,
                    pool_timeout=2,
                    pool_recycle=1800,
                    hide_parameters=True,
                    json_deserializer=orjson.loads,
                    connect_args={
                        # Who waits in front of a browser hears of a silent database within two seconds.
                        "connect_timeout": 1 if self.tenant_role is DatabaseRole.WEB else 2,
                        "tcp_user_timeout": 1500,  # ms: a network that swallows what an open connection sends
                        "application_name": self._application_name,
                    },
                )
                self._overdue.watch(engine)
                self._engines[role] = engine
            return self._engines[role]

    @contextmanager
    def unit_of_work(
        self, scope: Scope, role: DatabaseRole | None = None, *, reading: bool = False
    ) -> Iterator[Session]:
        """One transaction: commits when the block ends well, then rings the bells; rolls back on any error.

        It begins at once, or when it is `reading` with its first statement, at the end at the latest.

        Raises SessionOver when the scope's session is, ServiceUnavailable when the database cannot be reached,
        DeadlineExceeded when a statement took too long.
        """
        session = Session(
            self.engine(role or self.tenant_role),
            expire_on_commit=False,
            info={**self.info, "scope": scope, "bells": set()},
        )
        try:
            with session:
                if scope.session is not None and not reading:
                    session.connection()  # a session that is over ends here, before any work
                yield session
                if reading:
                    begin_unless_begun(session)
                session.commit()
        except PoolTimeout as error:
            raise ServiceUnavailable("no database connection is free", reason="core.database_busy") from error
        except OperationalError as error:
            sqlstate = getattr(error.orig, "pgcode", None)
            # A transaction that is ended while it says nothing loses its connection without a word.
            if sqlstate in TOO_LONG or deadline.left() == 0:
                raise DeadlineExceeded("a statement or the transaction took too long") from error
            if error.connection_invalidated or sqlstate is None:
                raise ServiceUnavailable("the database cannot be reached", reason="core.database_down") from error
            raise
        bells: set[str] = session.info["bells"]
        if bells:
            self._after_commit(bells)

    def dispose(self) -> None:
        """Close all pooled connections."""
        with self._lock:
            for engine in self._engines.values():
                engine.dispose()
            self._engines.clear()
