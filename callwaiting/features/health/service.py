"""Readiness: can this instance store, hint, and is the work being done?"""

from __future__ import annotations

from dataclasses import dataclass

import redis
from sqlalchemy import text

from callwaiting.core import metrics
from callwaiting.core.db import Database
from callwaiting.core.errors import CallwaitingError
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


def _valkey_answers(redis_url: str) -> bool:
    client = redis.Redis.from_url(redis_url, socket_timeout=0.5, socket_connect_timeout=0.5)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()
