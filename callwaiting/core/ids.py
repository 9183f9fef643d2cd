"""Identifiers: UUIDv7 for rows (they sort by time, and index well), random tokens for what a stranger may hold."""

from __future__ import annotations

import os
import secrets
import socket
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7, as a standard `uuid.UUID`."""
    return uuid7()


def new_id_text() -> str:
    """A UUIDv7 in its usual spelling, where only text is needed: a quarter of the cost."""
    return str(uuid_utils.uuid7())


def new_token(bits: int = 128) -> str:
    """An unguessable URL-safe token of at least `bits` bits of entropy."""
    return secrets.token_urlsafe((bits + 7) // 8)


def process_name() -> str:
    """This process as leases and attempts name it: `host:pid`."""
    return f"{socket.gethostname()}:{os.getpid()}"
