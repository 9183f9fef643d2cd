"""A source's secrets at rest: a JSON list, sealed with the platform's key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.features.keys import service as keys
from callwaiting.features.webhooks.sources import Secret


def open_secrets(session: Session, source_id: UUID, sealed: bytes | None) -> tuple[Secret, ...]:
    """Oldest first, expired ones included. Raises Undecipherable."""
    if sealed is None:
        return ()
    entries = orjson.loads(keys.unseal_for_platform(session, _place(source_id), sealed))
    return tuple(
        Secret(entry["secret"], datetime.fromisoformat(entry["expires_at"]) if entry["expires_at"] else None)
        for entry in entries
    )


def seal_secrets(session: Session, source_id: UUID, secrets: Sequence[Secret]) -> bytes:
    entries = [{"secret": secret.value, "expires_at": secret.expires_at} for secret in secrets]
    return keys.seal_for_platform(session, _place(source_id), orjson.dumps(entries))


def _place(source_id: UUID) -> Place:
    return Place("webhook_sources", "secrets", source_id)
