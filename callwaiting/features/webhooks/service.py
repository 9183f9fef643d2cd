"""Stored events as their handlers see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.errors import Transient
from callwaiting.providers.ports import Mode, ProviderName
from callwaiting.providers.registry import Providers


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """A verified event of the session's merchant. `raw` is the body as it was signed; `account` and `mode` are those
    that the provider signed for; `occurred_at` and `seq` say what came first where the provider tells."""

    id: UUID
    provider: ProviderName
    mode: Mode
    account: str
    event_type: str
    object_key: str
    provider_event_id: str
    occurred_at: datetime | None
    seq: int | None
    received_at: datetime
    raw: bytes


class NotYet(Transient):
    """What the event speaks of is not there yet: it overtook another event, or our own record of a call."""

    reason = "webhooks.not_yet"


# A handler works in the event's own transaction, scoped to its merchant, and neither commits nor calls a provider.
# It tells whether the event changed something (`done`) or is of no concern (`ignored`).
Handler = Callable[[Session, StoredEvent, Providers], Literal["done", "ignored"]]


def body_place(event_id: UUID) -> Place:
    """Where a stored body is sealed for: under the platform's key until it is done or ignored, then its merchant's."""
    return Place("webhook_events", "raw", event_id)
