"""Refresh tokens: what they are made of. Nothing here touches the database.

`version (1) ‖ session id (16) ‖ counter (4) ‖ proof (16) ‖ seal (16)`, base64url. The proof is by the session's own
key, so that only the session's row can make one; the seal is by this installation's key, so that garbage costs a
hash and no query.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from uuid import UUID

from callwaiting.features.accounts.errors import RefreshInvalid

VERSION = 1
HEAD = struct.Struct(">B16sI")
TAG_BYTES = 16


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A token whose seal has held. Its proof is still to be checked against the session's key."""

    session_id: UUID
    counter: int
    proof: bytes

    def require_proof(self, refresh_key: bytes) -> None:
        """Raises RefreshInvalid."""
        if not hmac.compare_digest(self.proof, _proof(refresh_key, self.session_id, self.counter)):
            raise RefreshInvalid("the proof does not match")


def make(seal_key: bytes, refresh_key: bytes, session_id: UUID, counter: int) -> str:
    body = HEAD.pack(VERSION, session_id.bytes, counter) + _proof(refresh_key, session_id, counter)
    return base64.urlsafe_b64encode(body + _tag(seal_key, body)).rstrip(b"=").decode()


def read(seal_key: bytes, token: str) -> PresentedToken:
    """Raises RefreshInvalid for whatever is not sealed by us."""
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError) as error:
        raise RefreshInvalid("no base64") from error
    body, seal = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
    if len(body) != HEAD.size + TAG_BYTES or not hmac.compare_digest(seal, _tag(seal_key, body)):
        raise RefreshInvalid("the seal does not hold")
    version, session_id, counter = HEAD.unpack_from(body)
    if version != VERSION:
        raise RefreshInvalid("another version")
    return PresentedToken(UUID(bytes=session_id), counter, body[HEAD.size :])


def _proof(refresh_key: bytes, session_id: UUID, counter: int) -> bytes:
    return _tag(refresh_key, HEAD.pack(VERSION, session_id.bytes, counter))


def _tag(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)[:TAG_BYTES]
