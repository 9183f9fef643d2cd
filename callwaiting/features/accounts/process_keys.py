"""Keys of this installation that need no row: derived from SECRET_KEY, one per purpose."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.db import Database

PURPOSES = ("refresh token", "csrf", "device", "client", "attempts", "opening")


def key_for(holder: Session | Database, purpose: str) -> bytes:
    """32 bytes for one of the purposes."""
    if purpose not in PURPOSES:
        raise ValueError(purpose)
    return _derived(holder.info["settings"].secret_key.get_secret_value(), purpose)


def csrf_token(holder: Session | Database, session_id: UUID) -> str:
    """What a page shows to prove that it may use the session's cookie: bound to the session, made by us alone."""
    return hmac.digest(key_for(holder, "csrf"), session_id.bytes, hashlib.sha256).hex()[:32]


@lru_cache(maxsize=32)
def _derived(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"accounts: {purpose}".encode(), hashlib.sha256)
