"""What the ledger tells those above it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TextsRevoked:
    """The caller wants no more texts, from this moment on."""

    caller_id: UUID
