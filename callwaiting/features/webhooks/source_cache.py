"""Sources kept in this process for 30 s, opened and ready to verify. A change is announced to every process.

A busy source is read anew by one request while the others go on with what is kept, and a new one by whoever is first:
else each end of the 30 s would stop all requests at once, all with the same question (docs/adr/0053).
"""

from __future__ import annotations

import os
import re
import threading
import time
from typing import NamedTuple, cast

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
FRESH_S = 20.0  # then one request reads it anew
TURN_S = 3.0
GATES = 64
PUBLIC_ID = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)
LOOK_UP = text("select * from auth.webhook_source(:sought)")
log = structlog.get_logger()


class _Kept(NamedTuple):
    fresh_until: float
    until: float
    source: Source


class SourceCache:
    """Looks sources up as `role`. An unknown or paused source is never kept: each request for one asks the database.

    A listener hears of changes over Redis. It may be deaf without harm: then an old entry lives for its 30 s.
    """

    def __init__(self, database: Database, redis_url: str, role: DatabaseRole) -> None:
        self._database = database
        self._redis_url = redis_url
        self._role = role
        self._kept: dict[str, _Kept] = {}
        self._gates = [threading.Lock() for _ in range(GATES)]
        self._changes = 0
        self._lock = threading.Lock()
        self._listening_in = 0
        self._closed = threading.Event()

    def get(self, provider: str, public_id: str) -> Source:
        """The source at `/webhooks/<provider>/<public_id>`.

        Raises UnknownSource, or ServiceUnavailable when the database cannot tell now.
        """
        kept, now = self._kept.get(public_id), time.monotonic()
        if kept is None or kept.until < now:
            source = self._read_in_turn(public_id)
        elif kept.fresh_until < now:
            source = self._read_anew(public_id, kept)
        else:
            source = kept.source
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

    def _read_in_turn(self, public_id: str) -> Source:
        """Nothing is kept: the first one reads, whoever asks meanwhile waits for what it finds."""
        if not PUBLIC_ID.fullmatch(public_id):
            raise UnknownSource("not the shape of a public id")
        gate = self._gate(public_id)
        if not gate.acquire(timeout=TURN_S):
            raise ServiceUnavailable("others read the source for too long", reason="webhooks.source_unreadable")
        try:
            kept = self._kept.get(public_id)
            return kept.source if kept and kept.until >= time.monotonic() else self._load(public_id)
        finally:
            gate.release()

    def _read_anew(self, public_id: str, kept: _Kept) -> Source:
        """What is kept is good for some seconds more, so nobody waits, and a database that cannot tell does no harm."""
        gate = self._gate(public_id)
        if not gate.acquire(blocking=False):
            return kept.source
        try:
            return self._load(public_id)
        except ServiceUnavailable:
            return kept.source
        except UnknownSource:
            self.forget(public_id)
            raise
        finally:
            gate.release()

    def _gate(self, public_id: str) -> threading.Lock:
        """One of a few, chosen by a hash that nobody outside can work out: what is asked for is any stranger's word."""
        return self._gates[hash(public_id) % GATES]

    def _load(self, public_id: str) -> Source:
        self._listen()
        changes, now = self._changes, time.monotonic()
        source = read_source(self._database, self._role, public_id)
        with self._lock:
            if changes == self._changes:  # else it was changed while we read
                self._kept[public_id] = _Kept(now + FRESH_S, now + KEPT_S, source)
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
