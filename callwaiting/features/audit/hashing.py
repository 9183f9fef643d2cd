"""What the hash of a link covers."""

from __future__ import annotations

import hashlib
from uuid import UUID

GENESIS = bytes(32)
PLATFORM = bytes(16)


def link_hash(prev_hash: bytes, seq: int, merchant_id: UUID | None, record: bytes) -> bytes:
    """SHA-256(prev_hash ‖ seq in 8 bytes, big end first ‖ merchant in 16 bytes, zero for the platform ‖ record)."""
    merchant = merchant_id.bytes if merchant_id else PLATFORM
    return hashlib.sha256(b"".join((prev_hash, seq.to_bytes(8), merchant, record))).digest()
