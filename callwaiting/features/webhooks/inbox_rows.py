"""What one request becomes in the inbox, and the one statement that stores a batch of them."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import orjson

from callwaiting.core.crypto import Place
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id_text
from callwaiting.core.request_context import current_request_id
from callwaiting.features.keys.service import NUMBER_LABEL
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.ports import SignedRequest, VerifiedEvent

Outcome = Literal["stored", "repeated"]
Returned = tuple[bytes | None, ...]  # id, source, key, hash of the other body: texts as Postgres writes them
TWIN = ("provider_event_id", "origin")
KEPT_HEADERS = ("content-type", "user-agent", "i-twilio-idempotency-token", "paypal-transmission-id")
MAX_HEADER_CHARS = 200
FIELDS = {
    "id": "uuid",
    "source_id": "uuid",
    "dedupe_key": "text",
    "provider": "text",
    "routing_keys": "jsonb",
    "provider_event_id": "text",
    "event_type": "text",
    "object_key": "text",
    "occurred_at": "timestamptz",
    "seq": "int",
    "body_sha256": "bytea",
    "headers": "jsonb",
    "request_id": "text",
    "origin": "text",
    "deliveries": "int",
    "other_body_sha256": "bytea",
}
# The rows come as one JSON text and one array of bodies, zipped in their order: reading seventeen values a row one by
# one costs twice as much on both sides.
_INSERT = f"""
insert into app.webhook_events as e ({", ".join(FIELDS)}, raw)
select * from rows from (
    json_to_recordset($1) as ({", ".join(f"{name} {kind}" for name, kind in FIELDS.items())}), unnest($2)
) as delivered"""  # noqa: S608 - constants only
# A repeated event that is not finished is due at once: its sender is waiting. A body counts as changed when the same
# event of the provider came by the same way: a thin event differs from its snapshot twin, and the provider's list
# from what it delivered.
_UPSERT = """
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
STATEMENT = (_INSERT + _UPSERT).encode()


class Row:
    """One request on its way into the database, and the lock that its thread waits at."""

    __slots__ = ("answered", "body", "body_changed", "event_id", "failure", "fields", "key", "outcome", "sha256")

    def __init__(
        self, event_id: str, key: tuple[str, str], fields: dict[str, object], body: bytes, sha256: bytes
    ) -> None:
        self.event_id = event_id
        self.key = key
        self.fields = fields
        self.body = body
        self.sha256 = sha256
        self.outcome: Outcome | None = None
        self.failure: CallwaitingError | None = None
        self.body_changed = False
        self.answered = threading.Lock()
        self.answered.acquire()


def make_row(verified: VerifiedEvent, request: SignedRequest, source: Source, origin: str) -> Row:
    """Seal the body for the row's own id and lay out its values. A later delivery's sealed body is dropped unopened:
    the stored row keeps its first."""
    row_id = new_id_text()
    routing: dict[str, str] = {}
    if verified.account:
        routing["account"] = verified.account
    if verified.our_number:
        routing["number_hash"] = source.lookup_key.lookup_hash(NUMBER_LABEL, verified.our_number).hex()
    sha256 = hashlib.sha256(request.raw).digest()
    fields: dict[str, object] = {
        "id": row_id,
        "source_id": source.id_text,
        "dedupe_key": verified.dedupe_key,
        "provider": verified.provider,
        "routing_keys": routing,
        "provider_event_id": verified.provider_event_id,
        "event_type": verified.event_type,
        "object_key": verified.object_key,
        "occurred_at": verified.occurred_at,
        "seq": verified.seq,
        "body_sha256": _hex(sha256),
        "headers": {name: request.headers[name] for name in KEPT_HEADERS if _is_kept(request.headers.get(name))},
        "request_id": current_request_id(),
        "origin": origin,
        "deliveries": 1,
    }
    key = (source.id_text, verified.dedupe_key)
    return Row(
        row_id, key, fields, source.sealing_key.seal(Place("webhook_events", "raw", row_id), request.raw), sha256
    )


def _is_kept(value: str | None) -> bool:
    return value is not None and len(value) <= MAX_HEADER_CHARS and value.isprintable()


class Batch:
    """Rows of distinct keys, in the order of their keys: two processes that store the same keys in one order cannot
    deadlock. Equal keys become one row that counts them all."""

    def __init__(self, rows: Sequence[Row]) -> None:
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            groups.setdefault(row.key, []).append(row)
        self.groups = [groups[key] for key in sorted(groups)]

    def values(self) -> tuple[bytes, list[bytes]]:
        """The two parameters of the statement. Raises TypeError for text that is not Unicode."""
        fields = [group[0].fields if len(group) == 1 else _combined(group) for group in self.groups]
        return orjson.dumps(fields), [group[0].body for group in self.groups]

    def halves(self) -> Iterator[Batch]:
        middle = len(self.groups) // 2
        for part in (self.groups[:middle], self.groups[middle:]):
            half = Batch(())
            half.groups = part
            yield half

    def stored(self, returned: Sequence[Returned]) -> None:
        """Note what the statement said of each row; only now may anybody be answered."""
        found = {(source_id, key): (event_id, other) for event_id, source_id, key, other in returned}
        for group in self.groups:
            source_id, key = group[0].key
            event_id, other = found[source_id.encode(), key.encode()]
            for row in group:
                row.outcome = "stored" if row.event_id.encode() == event_id else "repeated"
                row.body_changed = other is not None and other == _hex(row.sha256).encode()

    def fail(self, failure: Callable[[], CallwaitingError]) -> None:
        """Each row gets an error of its own: one exception must not be raised in two threads."""
        for group in self.groups:
            for row in group:
                row.failure = failure()


def _combined(group: Sequence[Row]) -> dict[str, object]:
    """The first of several rows with one key, and what the others add to it."""
    first = group[0]
    fields = first.fields | {"deliveries": len(group)}
    for row in group:
        if row.sha256 != first.sha256 and all(row.fields[name] == first.fields[name] for name in TWIN):
            fields["other_body_sha256"] = _hex(row.sha256)
    return fields


def _hex(value: bytes) -> str:
    return "\\x" + value.hex()
