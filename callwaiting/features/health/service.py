"""Readiness: can this instance store, hint, and is the work being done?"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass

import psycopg2
import redis
from sqlalchemy import text

from callwaiting.core import metrics
from callwaiting.core.db import Database
from callwaiting.core.errors import CallwaitingError, ServiceUnavailable
from callwaiting.core.tenancy import SystemScope

LATE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready` is about taking requests: the database alone decides. Valkey away or late work is shown as degraded."""

    database: bool
    valkey: bool
    oldest_due_seconds: float | None

    @property
    def ready(self) -> bool:
        return self.database

    @property
    def status(self) -> str:
        if not self.ready:
            return "unavailable"
        late = self.oldest_due_seconds is None or self.oldest_due_seconds > LATE_SECONDS
        return "degraded" if late or not self.valkey else "ready"


def readiness(database: Database, redis_url: str) -> Readiness:
    """Ask both servers, within about two seconds each."""
    oldest: float | None = None
    try:
        with database.unit_of_work(SystemScope("readiness")) as session:
            oldest = float(session.execute(text("select auth.oldest_due_event_seconds()")).scalar_one())
        metrics.OLDEST_DUE_SECONDS.set(oldest)
    except CallwaitingError:
        oldest = None
    return Readiness(database=oldest is not None, valkey=_valkey_answers(redis_url), oldest_due_seconds=oldest)


@dataclass(frozen=True, slots=True)
class DatabaseTimes:
    """Milliseconds."""

    connection_ms: float
    query_ms: float


def database_times(database: Database) -> DatabaseTimes:
    """What a new connection, and then the simplest query on it, take. Raises ServiceUnavailable."""
    began = time.perf_counter()
    try:
        with closing(psycopg2.connect(database.url(database.tenant_role), connect_timeout=1)) as connection:
            connected = time.perf_counter()
            with connection.cursor() as cursor:
                cursor.execute("select 1")
                cursor.fetchone()
            asked = time.perf_counter()
    except psycopg2.OperationalError as error:
        raise ServiceUnavailable("the database cannot be reached", reason="core.database_down") from error
    return DatabaseTimes(round((connected - began) * 1000, 2), round((asked - connected) * 1000, 2))


def _valkey_answers(redis_url: str) -> bool:
    client = redis.Redis.from_url(redis_url, socket_timeout=0.5, socket_connect_timeout=0.5)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
