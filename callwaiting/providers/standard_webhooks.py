"""Signing what we send to merchants, after the Standard Webhooks specification (standardwebhooks.com, 1.0.0)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32  # the specification wants 24 to 64


def new_secret() -> str:
    """A secret as the receiver's library takes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signed_headers(message_id: str, sent_at: int, body: bytes, keys: Sequence[str]) -> Mapping[str, str]:
    """The three headers of an attempt. `sent_at` is in Unix seconds and that of the attempt; each of `keys` signs, so
    that a receiver may hold either."""
    signed = f"{message_id}.{sent_at}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.digest(_key(secret), signed, hashlib.sha256)).decode() for secret in keys
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": " ".join(signatures),
    }


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
