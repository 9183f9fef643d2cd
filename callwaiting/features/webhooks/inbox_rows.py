"""What one request becomes in the inbox, and the one statement that stores a batch of them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Literal

import orjson
import psycopg2

from callwaiting.core.crypto import Place
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id
from callwaiting.core.request_context import current_request_id
from callwaiting.features.phone_numbers.service import LABEL as NUMBER_LABEL
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.ports import SignedRequest, VerifiedEvent

Outcome = Literal["stored", "repeated"]
Value = str | int | bytes | None | object
COLUMNS = (
    "id", "source_id", "dedupe_key", "provider", "routing_keys", "provider_event_id", "event_type", "object_key",
    "occurred_at", "seq", "raw", "body_sha256", "headers", "request_id", "origin", "deliveries", "other_body_sha256",
)  # fmt: skip
KEPT_HEADERS = ("content-type", "user-agent", "i-twilio-idempotency-token", "paypal-transmission-id")
MAX_HEADER_CHARS = 200
_HEAD = f"insert into app.webhook_events as e ({', '.join(COLUMNS)}) values "  # noqa: S608 - constants only
_ROW = f"({', '.join(['%s'] * len(COLUMNS))})"
# A repeated event that is not finished is due at once: its sender is waiting. A body counts as changed when the same
# event of the provider came by the same way: a thin event differs from its snapshot twin, and the provider's list
# from what it delivered.
_TAIL = """
on conflict (source_id, dedupe_key) do update set
    deliveries = e.deliveries + excluded.deliveries,
    last_delivery_at = now(),
    next_at = case when e.status in ('received', 'retry') then least(e.next_at, now()) else e.next_at end,
    other_body_sha256 = case
        when e.provider_event_id <> excluded.provider_event_id or e.origin <> excluded.origin then e.other_body_sha256
        when e.body_sha256 <> excluded.body_sha256 then excluded.body_sha256
        else coalesce(excluded.other_body_sha256, e.other_body_sha256)
    end
returning id, source_id, dedupe_key, other_body_sha256"""


class Row:
    """One request on its way into the database, and the lock that its thread waits at."""

    __slots__ = ("answered", "body_changed", "event_id", "failure", "key", "outcome", "sha256", "twin", "values")

    def __init__(
        self, event_id: str, key: tuple[str, str], twin: tuple[str, str], sha256: bytes, values: tuple[Value, ...]
    ) -> None:
        self.event_id = event_id
        self.key = key
        self.twin = twin
        self.sha256 = sha256
        self.values = values
        self.outcome: Outcome | None = None
        self.failure: CallwaitingError | None = None
        self.body_changed = False
        self.answered = threading.Lock()
        self.answered.acquire()


def make_row(verified: VerifiedEvent, request: SignedRequest, source: Source, origin: str) -> Row:
    """Seal the body for the row's own id and lay out its values. A later delivery's sealed body is dropped unopened:
    the stored row keeps its first."""
    row_id = new_id()
    routing: dict[str, str] = {}
    if verified.account:
        routing["account"] = verified.account
    if verified.our_number:
        routing["number_hash"] = source.lookup_key.lookup_hash(NUMBER_LABEL, verified.our_number).hex()
    headers = {
        name: value
        for name in KEPT_HEADERS
        if (value := request.headers.get(name)) and len(value) <= MAX_HEADER_CHARS and value.isprintable()
    }
    sha256 = hashlib.sha256(request.raw).digest()
    values = (
        verified.provider,
        orjson.dumps(routing).decode() if routing else "{}",
        verified.provider_event_id,
        verified.event_type,
        verified.object_key,
        verified.occurred_at,
        verified.seq,
        psycopg2.Binary(source.sealing_key.seal(Place("webhook_events", "raw", row_id), request.raw)),
        psycopg2.Binary(sha256),
        orjson.dumps(headers).decode(),
        current_request_id(),
        origin,
    )
    return Row(
        str(row_id),
        (str(source.id), verified.dedupe_key),
        (verified.provider_event_id, origin),
        sha256,
        values,
    )


class Batch:
    """Rows of distinct keys, in the order of their keys: two processes that store the same keys in one order cannot
    deadlock. Equal keys become one row that counts them all."""

    def __init__(self, rows: Sequence[Row]) -> None:
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            groups.setdefault(row.key, []).append(row)
        self.groups = [groups[key] for key in sorted(groups)]

    def values(self) -> list[Value]:
        values: list[Value] = []
        for group in self.groups:
            first = group[0]
            values += (first.event_id, *first.key)
            values += first.values
            values += (len(group), _other_body(group))
        return values

    def halves(self) -> Iterator[Batch]:
        middle = len(self.groups) // 2
        for part in (self.groups[:middle], self.groups[middle:]):
            half = Batch(())
            half.groups = part
            yield half

    def stored(self, returned: Sequence[tuple[str, str, str, memoryview | None]]) -> None:
        """Note what the statement said of each row; only now may anybody be answered."""
        found = {(source_id, key): (event_id, other) for event_id, source_id, key, other in returned}
        for group in self.groups:
            event_id, other = found[group[0].key]
            for row in group:
                row.outcome = "stored" if row.event_id == event_id else "repeated"
                row.body_changed = other is not None and bytes(other) == row.sha256

    def fail(self, failure: Callable[[], CallwaitingError]) -> None:
        """Each row gets an error of its own: one exception must not be raised in two threads."""
        for group in self.groups:
            for row in group:
                row.failure = failure()


def _other_body(group: Sequence[Row]) -> Value:
    """The hash of another body that came with the same key in the same batch."""
    first = group[0]
    for row in group:
        if row.sha256 != first.sha256 and row.twin == first.twin:
            return psycopg2.Binary(row.sha256)
    return None


@lru_cache(maxsize=256)
def statement(rows: int) -> str:
    """The insert for so many rows; its parameters are `Batch.values()`."""
    return _HEAD + ", ".join([_ROW] * rows) + _TAIL
