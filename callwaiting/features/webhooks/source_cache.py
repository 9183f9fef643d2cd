"""Sources kept in this process for 30 s, opened and ready to verify. A change is announced to every process."""

from __future__ import annotations

import os
import re
import threading
import time
from typing import cast

import redis
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Undecipherable
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.deadline import DeadlineExceeded
from callwaiting.core.errors import ServiceUnavailable
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.keys import service as keys
from callwaiting.features.webhooks.source_secrets import open_secrets
from callwaiting.features.webhooks.sources import Source, UnknownSource
from callwaiting.providers.ports import Mode, ProviderName

CHANNEL = "callwaiting.webhook_sources"
KEPT_S = 30.0
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)
LOOK_UP = text("select * from auth.webhook_source(:sought)")
log = structlog.get_logger()


class SourceCache:
    """Looks sources up as `role`. An unknown or paused source is never kept: each request for one asks the database.

    A listener hears of changes over Redis. It may be deaf without harm: then an old entry lives for its 30 s.
    """

    def __init__(self, database: Database, redis_url: str, role: DatabaseRole) -> None:
        self._database = database
        self._redis_url = redis_url
        self._role = role
        self._kept: dict[str, tuple[float, Source]] = {}
        self._changes = 0
        self._lock = threading.Lock()
        self._listening_in = 0
        self._closed = threading.Event()

    def get(self, provider: str, public_id: str) -> Source:
        """The source at `/webhooks/<provider>/<public_id>`.

        Raises UnknownSource, or ServiceUnavailable when the database cannot tell now.
        """
        until, source = self._kept.get(public_id, (0.0, None))
        if source is None or until < time.monotonic():
            source = self._load(public_id)
        if source.provider != provider:
            raise UnknownSource("the source is of another provider")
        return source

    def forget(self, public_id: str | None = None) -> None:
        """Drop one source, or all of them."""
        with self._lock:
            self._changes += 1
            if public_id is None:
                self._kept.clear()
            else:
                self._kept.pop(public_id, None)

    def close(self) -> None:
        """Stop listening, within about a second."""
        self._closed.set()

    def _load(self, public_id: str) -> Source:
        if not PUBLIC_ID.fullmatch(public_id):
            raise UnknownSource("not the shape of a public id")
        self._listen()
        changes, until = self._changes, time.monotonic() + KEPT_S
        source = read_source(self._database, self._role, public_id)
        with self._lock:
            if changes == self._changes:  # else it was changed while we read
                self._kept[public_id] = (until, source)
        return source

    def _listen(self) -> None:
        with self._lock:
            if self._listening_in == os.getpid():
                return
            self._listening_in = os.getpid()
        threading.Thread(target=self._hear, name="webhook-sources", daemon=True).start()

    def _hear(self) -> None:
        while not self._closed.is_set():
            try:
                client = redis.Redis.from_url(self._redis_url, socket_connect_timeout=2, socket_timeout=10)
                with client, client.pubsub(ignore_subscribe_messages=True) as subscription:  # type: ignore[no-untyped-call]
                    subscription.subscribe(CHANNEL)
                    self.forget()  # whatever was announced while we were deaf
                    while not self._closed.is_set():
                        message = subscription.get_message(timeout=1)
                        if message is not None:
                            self.forget(message["data"].decode("ascii", "replace"))
            except (redis.RedisError, OSError) as error:
                log.warning("webhooks.sources_deaf", error=type(error).__name__)
                self._closed.wait(1)


def read_source(database: Database, role: DatabaseRole, public_id: str) -> Source:
    """The source as it is now. Raises UnknownSource, or ServiceUnavailable when the database cannot tell."""
    try:
        with database.unit_of_work(SystemScope("webhook source look-up"), role) as session:
            return _read(session, public_id)
    except (DBAPIError, DeadlineExceeded, Undecipherable) as error:
        raise ServiceUnavailable("the source cannot be read", reason="webhooks.source_unreadable") from error


def _read(session: Session, public_id: str) -> Source:
    row = session.execute(LOOK_UP, {"sought": public_id}).one_or_none()
    if row is None or row.paused_at is not None:
        raise UnknownSource
    ring = keys.key_ring(session)
    return Source(
        id=row.id,
        public_id=public_id,
        merchant_id=row.merchant_id,
        provider=cast(ProviderName, row.provider),
        mode=cast(Mode, row.mode),
        account=row.account,
        webhook_id=row.webhook_id,
        public_url=row.public_url,
        secrets=open_secrets(session, row.id, bytes(row.secrets_sealed)) if row.secrets_sealed else (),
        sealing_key=ring.platform(session),
        lookup_key=ring.platform(session, 1),
    )
